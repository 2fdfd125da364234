//! What brings a visit to the site: searches, links, campaigns, mail.

use super::{
    personal,
    random::{Random, Weighted},
};

/// Where a visit begins.
pub(crate) enum Landing {
    Home,
    Popular,
    Offer,
}

const SEARCHES: [(u32, &str); 16] = [
    (300, "https://www.google.com/"),
    (110, "https://www.google.de/"),
    (50, "https://www.google.co.uk/"),
    (40, "https://www.google.fr/"),
    (30, "https://www.google.co.in/"),
    (25, "https://www.google.nl/"),
    (70, "https://www.bing.com/"),
    (60, "https://duckduckgo.com/"),
    (18, "https://www.ecosia.org/"),
    (15, "https://search.brave.com/"),
    (12, "https://search.yahoo.com/"),
    (10, "https://yandex.ru/"),
    (8, "https://www.baidu.com/"),
    (8, "https://www.qwant.com/"),
    (8, "https://www.startpage.com/"),
    (20, "android-app://com.google.android.googlequicksearchbox/"),
];

const SOCIAL: [(u32, &str); 12] = [
    (40, "https://www.facebook.com/"),
    (30, "https://l.facebook.com/"),
    (20, "https://lm.facebook.com/"),
    (30, "https://t.co/Ab3dE5fGh7"),
    (30, "https://l.instagram.com/"),
    (35, "https://www.reddit.com/"),
    (20, "https://www.linkedin.com/"),
    (20, "https://www.youtube.com/"),
    (15, "https://mastodon.social/@jane_doe/112233445566778899"),
    (15, "https://news.ycombinator.com/item?id=40000001"),
    (12, "https://www.pinterest.com/"),
    (6, "https://bsky.app/"),
];

const ASSISTANTS: [(u32, &str); 5] = [
    (50, "https://chatgpt.com/"),
    (15, "https://www.perplexity.ai/"),
    (12, "https://claude.ai/"),
    (12, "https://gemini.google.com/"),
    (8, "https://copilot.microsoft.com/"),
];

const MAIL: [(u32, &str); 5] = [
    (30, "https://mail.google.com/"),
    (20, "https://outlook.live.com/"),
    (15, "https://mail.yahoo.com/"),
    (8, "https://mail.example.net/inbox/42?sid=A9F3C2D1E8B7"),
    (
        4,
        "https://jane.doe:secret@mail.example.net/read?to=jane.doe%40example.org",
    ),
];

const SITES: [(u32, &str); 16] = [
    (50, "https://en.wikipedia.org/"),
    (20, "https://de.wikipedia.org/"),
    (20, "https://github.com/"),
    (40, "https://www.example.org/links/"),
    (
        30,
        "https://forum.example.net/viewtopic.php?t=48213&sid=0f8fad5bd9cb469fa16570867728950e",
    ),
    (20, "https://garden-club.example.org/members/john-smith"),
    (
        15,
        "https://partner.example.net/offers?customer=jane.doe%40example.com",
    ),
    (12, "https://example-user.github.io/garden-links/"),
    (12, "https://medium.com/"),
    (10, "https://stackoverflow.com/"),
    (10, "https://www.bbc.co.uk/"),
    (6, "http://192.0.2.80/start.html"),
    (6, "http://intranet/wiki/Garden"),
    (5, "https://xn--bcher-kva.example.net/"),
    (4, "https://ec2-203-0-113-9.compute-1.amazonaws.com/"),
    (4, "https://translate.google.com/"),
];

/// Query string, and the referrer that comes with it (`-` for none).
const CAMPAIGNS: [(u32, &str, &str); 10] = [
    (
        60,
        "?utm_source=newsletter&utm_medium=email&utm_campaign=autumn-2026",
        "-",
    ),
    (
        30,
        "?utm_source=newsletter&utm_medium=email&utm_campaign=bulbs",
        "https://mail.google.com/",
    ),
    (
        50,
        "?utm_source=google&utm_medium=cpc&utm_campaign=tools&gclid=EAIaIQobChMI7aSg",
        "https://www.google.com/",
    ),
    (
        30,
        "?utm_source=google&utm_medium=cpc&utm_campaign=seeds&gclid=CjwKCAjw3K2XB",
        "https://www.google.com/",
    ),
    (
        30,
        "?utm_source=facebook&utm_medium=paid&utm_campaign=autumn-2026&fbclid=IwAR0x9",
        "https://l.facebook.com/",
    ),
    (
        20,
        "?utm_source=instagram&utm_medium=social&utm_campaign=lights",
        "https://l.instagram.com/",
    ),
    (20, "?utm_source=chatgpt.com", "-"),
    (
        10,
        "?utm_source=Partner&utm_medium=referral&utm_campaign=example-org",
        "https://www.example.org/",
    ),
    (
        4,
        "?utm_source=newsletter&utm_medium=email&utm_campaign=autumn-2026&utm_term=jane.doe@example.com",
        "-",
    ),
    (
        3,
        "?utm_source=crm&utm_medium=email&utm_campaign=Hello%20Jane%20Doe",
        "-",
    ),
];

/// Direct, search, social, assistant, mail, other site, campaign.
const KINDS: [u32; 7] = [330, 340, 90, 55, 30, 75, 80];

/// Draws where visits come from.
pub(crate) struct Referrers {
    kinds: Weighted,
    tables: [(Weighted, &'static [(u32, &'static str)]); 5],
    campaigns: Weighted,
}

impl Referrers {
    pub(crate) fn new() -> Self {
        let table = |entries: &'static [(u32, &'static str)]| {
            (Weighted::new(entries.iter().map(|entry| entry.0)), entries)
        };
        Self {
            kinds: Weighted::new(KINDS),
            tables: [&SEARCHES[..], &SOCIAL, &ASSISTANTS, &MAIL, &SITES].map(table),
            campaigns: Weighted::new(CAMPAIGNS.iter().map(|entry| entry.0)),
        }
    }

    /// Draws a visit's origin: sets its referrer and the query string of its first page.
    pub(crate) fn draw(
        &self,
        random: &mut Random,
        referrer: &mut String,
        query: &mut String,
    ) -> Landing {
        match self.kinds.draw(random) {
            0 => {
                referrer.push('-');
                if random.per_mille(450) {
                    Landing::Home
                } else {
                    Landing::Popular
                }
            }
            6 => {
                let (_, tags, from) = CAMPAIGNS[self.campaigns.draw(random)];
                query.push_str(tags);
                referrer.push_str(from);
                Landing::Offer
            }
            kind => {
                let (weights, entries) = &self.tables[kind - 1];
                let entry = weights.draw(random);
                referrer.push_str(entries[entry].1);
                let is_search = kind == 1;
                if is_search && random.per_mille(60) {
                    personal::append_search(random, referrer);
                }
                if random.per_mille(150) {
                    Landing::Home
                } else {
                    Landing::Popular
                }
            }
        }
    }
}
