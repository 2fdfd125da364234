//! Whether a release holds no more than its manifest says is told at all.

use super::{
    chain::Manifest,
    finding::{Check, Findings},
    table::Rows,
};

/// Where no visitors are told apart there is no number about visitors and their visits.
pub(super) fn check(tables: &[Rows], manifest: &Manifest, findings: &mut Findings) {
    if manifest.value["policy"]["visits"] != false {
        return;
    }
    for rows in tables {
        for row in &rows.rows {
            for (measure, cell) in rows.table.measures().iter().zip(&row.measures) {
                findings.require(
                    Check::Description,
                    cell.is_none() || !measure.is_of_visits(),
                    || rows.place(row).column(measure.name()),
                    || {
                        "a number of visits, of which the manifest says that there are none"
                            .to_owned()
                    },
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        aggregate::Table,
        audit::table::Row,
        time::{Period, PeriodLength},
    };

    fn found(visits: bool, measures: [Option<u64>; 5]) -> u64 {
        let manifest = Manifest {
            period: Period {
                start: "2026-11-21".parse().unwrap(),
                length: PeriodLength::Day,
            },
            k: 10,
            tz: "UTC".to_owned(),
            value: json!({"policy": {"visits": visits}}),
            file: String::new(),
            digest: String::new(),
        };
        let row = Row {
            line: 2,
            keys: vec!["00".to_owned()],
            measures: measures.to_vec(),
        };
        let rows = Rows {
            table: Table::Traffic,
            file: "traffic.csv".to_owned(),
            keys: &["hour"],
            rows: vec![row],
        };
        let mut findings = Findings::default();
        check(&[rows], &manifest, &mut findings);
        findings.of(Check::Description).found
    }

    #[test]
    fn numbers_of_visits_are_found_where_there_are_none() {
        let requests = [Some(90), Some(9000), Some(40), None, None];
        let visits = [Some(90), Some(9000), Some(40), Some(30), Some(2)];
        assert_eq!(found(false, requests), 0);
        assert_eq!(found(false, visits), 2);
        assert_eq!(found(true, visits), 0);
    }
}
