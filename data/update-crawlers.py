#!/usr/bin/env python3
"""Writes data/crawlers.rs from crawler-user-agents.json and ai.robots.txt's robots.txt.

    python3 data/update-crawlers.py crawler-user-agents.json robots.txt > data/crawlers.rs

The rules are described in data/README.md. Needs nothing outside the standard library.
"""

import json
import re
import sys

# The first tag of this order that an entry has decides its category.
CATEGORY = {
    "ai-crawler": "Ai",
    "search-engine": "SearchEngine",
    "advertising": "Advertising",
    "seo": "Seo",
    "monitoring": "Monitoring",
    "social-preview": "SocialPreview",
    "feed-reader": "FeedReader",
    "http-library": "HttpLibrary",
    "scanner": "Scanner",
}
# Tags without a category of their own; an entry that ai.robots.txt names too counts as Ai.
FALLBACK = {"browser-automation": "HttpLibrary", "archiver": "Scanner", "academic": "Scanner"}

# Patterns that people's own devices send.
EXCLUDED_PATTERNS = {
    r"AP3A\.240617\.008": "the build number of Android 15 on phones of several makers",
    "MetaIAB Facebook": "the in-app browser of Facebook's app",
}
# Patterns that match people's apps too, and what only the crawler sends.
NARROWED_PATTERNS = {
    "Sogou": ["Sogou*pider"],
    "Viber": ["^Viber"],
    r"008\/": ["^008/"],
}
# Names that are plain words or short, found in agents of people's own software.
EXCLUDED_NAMES = {"Code", "Cursor", "LCC", "Operator", "Spider"}

# Libraries that neither list has.
OWN = [
    ("Dart", "^Dart/"),
    ("Deno", "^Deno/"),
    ("Faraday", "^Faraday"),
    ("GuzzleHttp", "GuzzleHttp"),
    ("hackney", "^hackney"),
    ("Insomnia", "^insomnia/"),
    ("Java", "^Java/"),
    ("libcurl", "^libcurl"),
    ("PostmanRuntime", "^PostmanRuntime"),
    ("PowerShell", "WindowsPowerShell/"),
    ("PycURL", "^PycURL"),
    ("Python", "^Python/"),
    ("reqwest", "^reqwest"),
    ("RestSharp", "^RestSharp"),
    ("Ruby", "^Ruby"),
    ("Symfony HttpClient", "^Symfony HttpClient"),
    ("undici", "^undici"),
    ("ureq", "^ureq"),
]


def literals(pattern):
    """Expands a regular expression of the list into literals.

    `^` and `$` at the ends stay as anchors, and `*` stands for anything in between.
    """
    pattern = pattern.replace("([^-]|$)", "").replace(r"[\s\S]*", "*").replace(r"\d\.\d+", "*")
    pattern = re.sub(r"\\([^A-Za-z0-9])", r"\1", pattern.replace(r"\(", "\1").replace(r"\)", "\2"))
    found = [""]
    for part in re.split(r"(\([^()]*\)|\[[^\]]*\])", pattern):
        if part.startswith("["):
            choices = list(part[1:-1])
        elif part.startswith("("):
            choices = part[1:-1].split("|")
        elif len(found) == 1 and "|" in part:
            return part.split("|")
        else:
            choices = [part]
        found = [head + choice for head in found for choice in choices]
    return [text.replace("\1", "(").replace("\2", ")") for text in found]


def name_of(entry):
    """What the pattern matches in the first sample agent, cut to its first words."""
    pattern = re.split(r"\[\\s\\S\]\*|\\\\d|\\d", entry["pattern"])[0]
    matches = (re.search(pattern, agent) for agent in entry["instances"])
    text = next((m.group() for m in matches if m), None) or literals(pattern)[0]
    text = re.sub(r"^https?://", "", text).rsplit("@", 1)[-1]
    text = re.sub(r"^[^A-Za-z0-9]+", "", text)
    text = re.split(r"[/;,]| ?[()]", text)[0] if not text.startswith("Mediapartners") else "Mediapartners-Google"
    return re.sub(r"[^A-Za-z0-9]+$", "", text)


def spelled(name, ai_names):
    """The spelling of ai.robots.txt where it knows the name."""
    return next((n for n in ai_names if n.lower() == name.lower()), name)


def category_of(entry, ai_names):
    tags = entry["tags"]
    for tag, category in CATEGORY.items():
        if tag in tags:
            return category
    if any(re.search(entry["pattern"], name + "/1.0") for name in ai_names):
        return "Ai"
    return FALLBACK.get(tags[0] if tags else "", "Scanner")


def rows(entries, ai_names):
    for entry in entries:
        if entry["pattern"] not in EXCLUDED_PATTERNS:
            patterns = NARROWED_PATTERNS.get(entry["pattern"]) or literals(entry["pattern"])
            yield category_of(entry, ai_names), spelled(name_of(entry), ai_names), patterns
    for name in ai_names:
        known = any(re.search(e["pattern"], name + "/1.0") for e in entries)
        if not known and name not in EXCLUDED_NAMES:
            yield "Ai", name.split("/")[0], [name]
    for name, pattern in OWN:
        yield "HttpLibrary", name, [pattern]


def ordered(found):
    """One row per category and name; what contains an earlier row's literal goes before it."""
    merged = {}
    for category, name, patterns in found:
        kept = merged.setdefault((category, name), [])
        kept.extend(p for p in patterns if p not in kept)
    result = []
    for key, patterns in merged.items():
        wider = (
            i for i, (_, earlier) in enumerate(result)
            if any(e.strip("^$") in p for e in earlier for p in patterns)
        )
        result.insert(next(wider, len(result)), (key, patterns))
    return result


def main():
    with open(sys.argv[1], encoding="utf-8") as source:
        entries = json.load(source)
    with open(sys.argv[2], encoding="utf-8") as source:
        ai_names = [line.split(": ", 1)[1].strip() for line in source if line.startswith("User-agent: ")]
    print("// Written by data/update-crawlers.py; sources and licences: data/README.md.\n[")
    for (category, name), patterns in ordered(rows(entries, ai_names)):
        assert re.fullmatch(r"[A-Za-z0-9][ -~]*", name), name
        quoted = ", ".join(json.dumps(p) for p in patterns)
        print(f"    (Category::{category}, {json.dumps(name)}, &[{quoted}]),")
    print("]")


if __name__ == "__main__":
    main()
