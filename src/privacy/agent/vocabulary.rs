//! The closed vocabularies of browsers, systems and device classes, and the tokens that tell them.

/// A row of a vocabulary: the name, and the tokens (case-sensitive) any of which tells it.
///
/// The first row of which a token occurs in the agent decides, so that what imitates others stands
/// before them. The last row is for agents without any token.
type Row = (&'static str, &'static [&'static str]);

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident, $rows:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u8);

        impl $name {
            /// Neither token nor name of the vocabulary.
            pub const UNKNOWN: Self = Self($rows.len() as u8 - 1);

            /// Its number in the vocabulary.
            #[must_use]
            pub const fn number(self) -> u8 {
                self.0
            }

            /// The member of a number; of one beyond the vocabulary, the unknown one.
            #[must_use]
            pub const fn from_number(number: u8) -> Self {
                if number < Self::UNKNOWN.0 { Self(number) } else { Self::UNKNOWN }
            }

            /// The published name.
            #[must_use]
            pub fn name(self) -> &'static str {
                $rows[usize::from(self.0)].0
            }

            /// The member of that name.
            pub(crate) fn named(name: &str) -> Option<Self> {
                Self::all().find(|member| member.name() == name)
            }

            /// Every member, once for each name.
            pub fn all() -> impl Iterator<Item = Self> {
                let numbers = 0..=Self::UNKNOWN.number();
                numbers.map(Self::from_number).filter(|it| it.canonical() == *it)
            }

            /// Every token with the row it tells, best rows first.
            pub(in crate::privacy) fn tokens() -> impl Iterator<Item = (&'static str, Self)> {
                $rows.iter().zip(0..).flat_map(|(row, index)| row.1.iter().map(move |&token| (token, Self(index))))
            }

            /// The row that stands for all rows of the same name.
            pub(super) fn canonical(self) -> Self {
                let first = $rows.iter().zip(0..).find(|(row, _)| row.0 == self.name());
                first.map_or(self, |(_, index)| Self(index))
            }
        }
    };
}

vocabulary! {
    /// A browser family, or the app in which a page was opened.
    Browser, BROWSERS
}

vocabulary! {
    /// An operating system family.
    System, SYSTEMS
}

vocabulary! {
    /// A device class: `tv`, `console`, `tablet`, `mobile`, `desktop` or `(unknown)`.
    Device, DEVICES
}

const BROWSERS: [Row; 70] = [
    // Apps that open pages in a view of their own.
    ("Instagram", &["Instagram ", "MetaIAB Instagram"]),
    (
        "Facebook",
        &["FBAN/", "FBAV/", "FB_IAB/", "FBIOS", "MetaIAB Facebook"],
    ),
    ("WeChat", &["MicroMessenger/"]),
    (
        "TikTok",
        &["musical_ly", "BytedanceWebview", "ByteLocale", "trill_"],
    ),
    ("Snapchat", &["Snapchat/", "Snapchat "]),
    ("Pinterest", &["Pinterest/", "[Pinterest"]),
    ("LinkedIn", &["LinkedInApp"]),
    ("X", &["Twitter for ", "TwitterAndroid"]),
    ("Threads", &["Barcelona ", "MetaIAB Threads"]),
    ("Reddit", &["Reddit/"]),
    ("LINE", &[" Line/"]),
    ("KakaoTalk", &["KAKAOTALK"]),
    ("Weibo", &["Weibo", "weibo"]),
    ("Telegram", &["Telegram-Android/"]),
    ("Google app", &["GSA/"]),
    ("NAVER", &["NAVER(inapp"]),
    // Browsers that name others as well.
    ("Opera Mini", &["Opera Mini"]),
    (
        "Opera",
        &["OPR/", "OPT/", "OPX/", "OPiOS/", "Opera", "OPRGX/"],
    ),
    ("Edge", &["Edg/", "EdgA/", "EdgiOS/", "Edge/", "EdgW/"]),
    ("Samsung Internet", &["SamsungBrowser/"]),
    (
        "Yandex Browser",
        &["YaBrowser/", "YaApp_", "YaSearchBrowser/"],
    ),
    ("Vivaldi", &["Vivaldi/"]),
    (
        "UC Browser",
        &["UCBrowser/", "UCWEB", "UBrowser/", "UCURSOS/"],
    ),
    ("DuckDuckGo", &["DuckDuckGo/", "Ddg/"]),
    ("Brave", &["Brave/", "Brave Chrome/"]),
    ("Silk", &["Silk/", "Silk-Accelerated"]),
    ("MIUI Browser", &["MiuiBrowser/", "Mint Browser/"]),
    ("Huawei Browser", &["HuaweiBrowser/", "ArkWeb/"]),
    ("HeyTap Browser", &["HeyTapBrowser/", "OppoBrowser/"]),
    ("vivo Browser", &["VivoBrowser/"]),
    ("QQ Browser", &["QQBrowser/", " QQ/"]),
    ("Quark", &["Quark/"]),
    (
        "Baidu",
        &["baiduboxapp", "baidubrowser", "BIDUBrowser", "baiduBoxApp"],
    ),
    (
        "Sogou Explorer",
        &["MetaSr", "SogouMobileBrowser", "SogouMSE"],
    ),
    (
        "360 Browser",
        &["QihooBrowser", "360SE", "360EE", "QHBrowser"],
    ),
    ("Maxthon", &["Maxthon", "MXiOS/"]),
    ("Whale", &["Whale/"]),
    ("Coc Coc", &["coc_coc_browser/", "CocCoc"]),
    ("Puffin", &["Puffin/"]),
    ("Aloha", &["AlohaBrowser/"]),
    ("Phoenix", &["PHX/", "Phoenix/"]),
    ("Ecosia", &["Ecosia ", "(Ecosia"]),
    ("Avast Secure Browser", &["Avast/", "AVG/"]),
    ("Oculus Browser", &["OculusBrowser/"]),
    ("Sleipnir", &["Sleipnir/"]),
    ("GNOME Web", &["Epiphany/"]),
    ("Konqueror", &["Konqueror", "konqueror"]),
    ("Falkon", &["Falkon/", "QupZilla/"]),
    ("SeaMonkey", &["SeaMonkey/"]),
    ("Pale Moon", &["PaleMoon/"]),
    ("Waterfox", &["Waterfox/"]),
    ("PlayStation", &["PlayStation", "PLAYSTATION"]),
    ("Nintendo", &["NintendoBrowser/", "Nintendo "]),
    ("BlackBerry", &["BlackBerry", "BB10;", "PlayBook"]),
    ("NetFront", &["NetFront"]),
    ("Kindle", &["Kindle/"]),
    ("Electron", &["Electron/"]),
    (
        "Firefox",
        &["Firefox/", "FxiOS/", "Focus/", "Klar/", "Fennec/"],
    ),
    ("Internet Explorer", &["MSIE ", "Trident/", "IEMobile"]),
    ("WebView", &["; wv)", "MetaIAB"]),
    ("Chrome", &["Chrome/", "CriOS/", "Chromium/", "CrMo/"]),
    ("Android app", &["Dalvik/"]),
    ("Android Browser", &["Android"]),
    ("Safari", &["Safari/"]),
    ("WebView", &["AppleWebKit/"]),
    ("Lynx", &["Lynx/"]),
    ("w3m", &["w3m/"]),
    ("Links", &["Links ", "ELinks"]),
    ("NetSurf", &["NetSurf/", "Dillo/"]),
    ("(unknown)", &[]),
];

const SYSTEMS: [Row; 24] = [
    ("Windows Phone", &["Windows Phone", "IEMobile"]),
    ("Xbox", &["Xbox"]),
    ("Windows", &["Windows", "Win64", "Win32", "Win98", "Win95"]),
    ("ChromeOS", &["CrOS "]),
    ("KaiOS", &["KAIOS/", "KaiOS/"]),
    ("Tizen", &["Tizen"]),
    ("webOS", &["Web0S", "webOS", "hpwOS"]),
    ("HarmonyOS", &["HarmonyOS", "OpenHarmony"]),
    ("Roku", &["Roku"]),
    ("tvOS", &["AppleTV", "Apple TV", "tvOS"]),
    ("watchOS", &["watchOS", "Watch OS"]),
    ("iPadOS", &["iPad"]),
    ("iOS", &["iPhone", "iPod"]),
    ("Android", &["Android"]),
    ("PlayStation", &["PlayStation", "PLAYSTATION"]),
    ("Nintendo", &["Nintendo"]),
    ("BlackBerry", &["BlackBerry", "BB10;", "PlayBook"]),
    ("Symbian", &["Symbian", "SymbOS", "Series60", "Series40"]),
    ("macOS", &["Macintosh", "Mac OS X", "Mac_PowerPC", "macOS"]),
    ("BSD", &["FreeBSD", "OpenBSD", "NetBSD", "DragonFly"]),
    ("Solaris", &["SunOS"]),
    ("Fuchsia", &["Fuchsia"]),
    ("Linux", &["Linux", "X11", "Ubuntu", "Fedora"]),
    ("(unknown)", &[]),
];

const DEVICES: [Row; 8] = [
    (
        "tv",
        &[
            "SmartTV",
            "SMART-TV",
            "Smart-TV",
            "Smart TV",
            "SMARTTV",
            "SmartTv",
            "smart-tv",
            "smarttv",
            "SmarterTV",
            "GoogleTV",
            "Google TV",
            "AndroidTV",
            "Android TV",
            "AppleTV",
            "Apple TV",
            "tvOS",
            "HbbTV",
            "HBBTV",
            "hbbtv",
            "NetCast",
            "Web0S",
            "BRAVIA",
            "Bravia",
            "Roku",
            "CrKey",
            "; AFT",
            "TV Safari",
            "NETTV",
            "Viera",
            "VIERA",
            "MiTV",
            "MiBOX",
            "MIBOX",
            "Chromecast",
            " TV",
            "_TV",
            "SonyDTV",
            "IPTV",
            "NetTV",
            "avui/tv",
            "STB",
            "TiVo",
            "InettvBrowser",
        ],
    ),
    (
        "console",
        &["PlayStation", "PLAYSTATION", "Xbox", "Nintendo"],
    ),
    // Windows computers with a pen have said so since 2002.
    ("desktop", &["Tablet PC"]),
    (
        "tablet",
        &["iPad", "Tablet", "Kindle", "PlayBook", "TouchPad"],
    ),
    (
        "mobile",
        &[
            "Mobile",
            "Mobi/",
            "iPhone",
            "iPod",
            "Phone",
            "Opera Mini",
            "Opera Mobi",
            "BlackBerry",
            "BB10;",
            "Symbian",
            "SymbOS",
            "Series60",
            "Series40",
            "MIDP",
            "Nokia",
            "KAIOS/",
            "KaiOS/",
            "UCWEB",
            "J2ME",
            "DoCoMo/",
            "KDDI-",
            "SoftBank/",
            "hpwOS",
            "webOS",
            "Watch",
        ],
    ),
    // Android asks for `Mobile` in the agents of telephones, and of them alone.
    ("tablet", &["Android"]),
    (
        "desktop",
        &[
            "Windows",
            "Win64",
            "Win32",
            "Win98",
            "Win95",
            "Macintosh",
            "Mac_PowerPC",
            "X11",
            "CrOS ",
            "Linux",
            "SunOS",
            "FreeBSD",
            "OpenBSD",
            "NetBSD",
        ],
    ),
    ("(unknown)", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_stand_in_any_table() {
        for (name, tokens) in BROWSERS.iter().chain(&SYSTEMS).chain(&DEVICES) {
            assert!(
                name.bytes().all(|byte| (b' '..=b'~').contains(&byte))
                    && !name.starts_with(['=', '+', '-', '@'])
            );
            assert!(tokens.iter().all(|token| token.len() > 1), "{name}");
        }
    }

    #[test]
    fn every_row_is_told_apart_by_its_number() {
        assert!(BROWSERS.len() <= usize::from(u8::MAX));
        assert_eq!(Browser::UNKNOWN.name(), "(unknown)");
        assert_eq!(System::UNKNOWN.name(), "(unknown)");
        assert_eq!(Device::UNKNOWN.name(), "(unknown)");
    }
}
