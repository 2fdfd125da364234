//! The agents and referrers of generated logs, with what the program should call them.

/// A `User-Agent` header and what it stands for.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) text: &'static str,
    pub(crate) browser: &'static str,
    pub(crate) system: &'static str,
    pub(crate) device: &'static str,
    /// Category and name, if it is on the crawler list.
    pub(crate) crawler: Option<(&'static str, &'static str)>,
}

/// A `Referer` header and what it stands for where its host is not the site's own.
#[derive(Debug)]
pub(crate) struct Referrer {
    pub(crate) text: &'static str,
    pub(crate) host: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) channel: &'static str,
}

/// The row of an agent text.
pub(crate) fn agent(text: &str) -> &'static Agent {
    AGENTS
        .iter()
        .find(|agent| agent.text == text)
        .expect("an agent of the table")
}

/// The row of a referrer text.
pub(crate) fn referrer(text: &str) -> &'static Referrer {
    REFERRERS
        .iter()
        .find(|referrer| referrer.text == text)
        .expect("a referrer of the table")
}

const fn browser(
    text: &'static str,
    browser: &'static str,
    system: &'static str,
    device: &'static str,
) -> Agent {
    Agent {
        text,
        browser,
        system,
        device,
        crawler: None,
    }
}

const fn crawler(text: &'static str, category: &'static str, name: &'static str) -> Agent {
    let unknown = "(unknown)";
    Agent {
        text,
        browser: unknown,
        system: unknown,
        device: unknown,
        crawler: Some((category, name)),
    }
}

impl Agent {
    /// A crawler whose agent tells the engine it runs in.
    const fn in_browser(self, browser: &'static str) -> Self {
        Self { browser, ..self }
    }
}

const fn site(
    text: &'static str,
    host: &'static str,
    domain: &'static str,
    channel: &'static str,
) -> Referrer {
    Referrer {
        text,
        host,
        domain,
        channel,
    }
}

/// Browsers first, the commonest at the top, then crawlers.
#[rustfmt::skip]
pub(crate) const AGENTS: [Agent; 18] = [
    browser("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", "Chrome", "Windows", "desktop"),
    browser("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Safari", "iOS", "mobile"),
    browser("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome", "Android", "mobile"),
    browser("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox", "Linux", "desktop"),
    browser("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "Safari", "macOS", "desktop"),
    browser("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge", "Windows", "desktop"),
    browser("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1", "Safari", "iPadOS", "tablet"),
    browser("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox", "Windows", "desktop"),
    browser("-", "(unknown)", "(unknown)", "(unknown)"),
    crawler("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "search-engine", "Googlebot"),
    crawler("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "search-engine", "bingbot"),
    crawler("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", "ai", "GPTBot").in_browser("WebView"),
    crawler("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "seo", "AhrefsBot"),
    crawler("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "monitoring", "UptimeRobot"),
    crawler("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "social-preview", "facebookexternalhit"),
    crawler("AdsBot-Google (+http://www.google.com/adsbot.html)", "advertising", "AdsBot-Google"),
    crawler("curl/8.5.0", "http-library", "curl"),
    crawler("Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)", "feed-reader", "Feedly"),
];

/// No referrer and the site's own pages first, then others.
#[rustfmt::skip]
pub(crate) const REFERRERS: [Referrer; 12] = [
    site("-", "", "direct", "direct"),
    site("https://www.example.com/start", "www.example.com", "example.com", "referral"),
    site("https://shop.example.com/cart", "shop.example.com", "example.com", "referral"),
    site("https://www.google.com/", "www.google.com", "google.com", "search"),
    site("https://www.facebook.com/", "www.facebook.com", "facebook.com", "social"),
    site("https://news.example.org/item", "news.example.org", "example.org", "referral"),
    site("https://chatgpt.com/", "chatgpt.com", "chatgpt.com", "ai"),
    site("https://mail.google.com/mail", "mail.google.com", "google.com", "email"),
    site("https://www.bing.com/", "www.bing.com", "bing.com", "search"),
    site("https://forum.example.net/thread", "forum.example.net", "example.net", "referral"),
    site("http://192.0.2.7/wiki", "192.0.2.7", "(ip)", "referral"),
    site("http://intranet/start", "intranet", "(intranet)", "referral"),
];
