//! The date syntaxes of logs.
