//! The pages of the invented site: a blog, a manual and a shop about gardens.

use super::random::{Random, Weighted};

/// Where a page belongs, which says where a reader goes next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Site,
    Blog,
    Docs,
    Shop,
}

/// One page.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) section: Section,
    pub(crate) bytes: u32,
    /// Pictures of its own.
    pub(crate) images: u32,
    /// Pages that it links to prominently.
    links: [usize; 3],
}

pub(crate) const HOME: usize = 0;
pub(crate) const BLOG: usize = 1;
pub(crate) const DOCS: usize = 2;
pub(crate) const SHOP: usize = 3;
pub(crate) const CART: usize = 4;
pub(crate) const CHECKOUT: usize = 5;
pub(crate) const THANKS: usize = 6;
pub(crate) const SEARCH: usize = 7;
pub(crate) const PRICING: usize = 8;
pub(crate) const NEWSLETTER: usize = 11;
pub(crate) const LOGIN: usize = 12;

const FIXED: [(&str, Section); 16] = [
    ("/", Section::Site),
    ("/blog/", Section::Blog),
    ("/docs/", Section::Docs),
    ("/shop/", Section::Shop),
    ("/shop/cart", Section::Shop),
    ("/shop/checkout", Section::Shop),
    ("/shop/thanks", Section::Shop),
    ("/search", Section::Site),
    ("/pricing", Section::Site),
    ("/about", Section::Site),
    ("/contact", Section::Site),
    ("/newsletter", Section::Site),
    ("/login", Section::Site),
    ("/jobs", Section::Site),
    ("/privacy", Section::Site),
    ("/%C3%BCber-uns", Section::Site),
];

/// Which section the page of a popularity rank belongs to, in turn.
const MIX: [Section; 10] = [
    Section::Blog,
    Section::Shop,
    Section::Blog,
    Section::Docs,
    Section::Shop,
    Section::Blog,
    Section::Shop,
    Section::Blog,
    Section::Docs,
    Section::Blog,
];

const VERBS: [&str; 16] = [
    "growing",
    "planting",
    "pruning",
    "watering",
    "choosing",
    "storing",
    "drying",
    "moving",
    "building",
    "repairing",
    "painting",
    "cleaning",
    "sharing",
    "sowing",
    "feeding",
    "harvesting",
];
const KINDS: [&str; 16] = [
    "small", "early", "wild", "old", "hardy", "sweet", "red", "white", "late", "tall", "winter",
    "summer", "balcony", "kitchen", "herbal", "city",
];
const THINGS: [&str; 24] = [
    "tomatoes", "apples", "roses", "beans", "herbs", "pots", "hedges", "ponds", "paths", "fences",
    "sheds", "lawns", "bulbs", "berries", "pears", "tulips", "ferns", "grasses", "mosses", "vines",
    "lemons", "olives", "onions", "carrots",
];
const GROUPS: [&str; 6] = ["tools", "seeds", "pots", "books", "lights", "soil"];
const TOPICS: [&str; 6] = ["start", "guide", "reference", "planner", "sensors", "faq"];

/// All pages: the fixed ones first, then the others by falling popularity.
pub(crate) struct Catalogue {
    pages: Vec<Page>,
    popularity: Weighted,
}

impl Catalogue {
    /// As many pages as a site of this size tends to have: about ten times the square root.
    pub(crate) fn of_site(visits_per_day: u32) -> Self {
        let others = (10.0 * f64::from(visits_per_day).sqrt()) as usize + 10;
        let total = FIXED.len() + others;
        let fixed = FIXED
            .iter()
            .map(|&(path, section)| (path.to_owned(), section));
        let paths = fixed.chain((0..others).map(article)).enumerate();
        let pages = paths.map(|(number, (path, section))| page(number, path, section, total));
        Self {
            pages: pages.collect(),
            popularity: Weighted::zipf(others),
        }
    }

    pub(crate) fn page(&self, number: usize) -> &Page {
        &self.pages[number]
    }

    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// An article, product or manual page by popularity.
    pub(crate) fn popular(&self, random: &mut Random) -> usize {
        FIXED.len() + self.popularity.draw(random)
    }

    /// Where a reader of `page` goes next.
    pub(crate) fn next(&self, page: usize, random: &mut Random) -> usize {
        match (page, random.below(100)) {
            (CART, 0..55) => CHECKOUT,
            (CHECKOUT, 0..60) => THANKS,
            (CART | CHECKOUT, 60..90) => SHOP,
            (_, 0..52) => *random.pick(&self.pages[page].links),
            (_, 52..66) => self.leave_article(page),
            (_, 66..72) => HOME,
            (_, 72..75) => SEARCH,
            (_, 75..78) => PRICING,
            (_, 78..81) => 9 + random.below(7) as usize,
            _ => self.popular(random),
        }
    }

    /// The product goes to the cart; elsewhere the section's front page is next.
    fn leave_article(&self, page: usize) -> usize {
        match self.pages[page].section {
            Section::Site => BLOG,
            Section::Blog => BLOG,
            Section::Docs => DOCS,
            Section::Shop if page == SHOP => HOME,
            Section::Shop => CART,
        }
    }
}

fn page(number: usize, path: String, section: Section, total: usize) -> Page {
    let mut random = Random::stream(7, number as u64);
    // The more popular a page, the more pages link to it.
    let mut link = || (random.below(1 << 16) * random.below(1 << 16)) >> 16;
    let links = [link(), link(), link()].map(|place| scale(place, total));
    Page {
        path,
        section,
        bytes: random.between(6_000, 48_000),
        images: random.below(3),
        links,
    }
}

/// Brings a number below 2^16 into the range of pages beyond the fixed ones.
fn scale(place: u32, total: usize) -> usize {
    let others = total - FIXED.len();
    FIXED.len() + ((place as usize * others) >> 16)
}

fn article(rank: usize) -> (String, Section) {
    // A step prime to the number of combinations visits each of them once.
    let mixed = rank * 2477;
    let kind = KINDS[mixed % 16];
    let thing = THINGS[mixed / 16 % 24];
    let section = MIX[rank % MIX.len()];
    let folder = match section {
        Section::Blog | Section::Site => "/blog".to_owned(),
        Section::Docs => format!("/docs/{}", TOPICS[mixed % 6]),
        Section::Shop => format!("/shop/{}", GROUPS[mixed % 6]),
    };
    // Two words do until each pair has been used.
    let words = match rank / (KINDS.len() * THINGS.len()) {
        0 => format!("{kind}-{thing}"),
        round => format!("{}-{kind}-{thing}", VERBS[round % VERBS.len()]),
    };
    (format!("{folder}/{words}"), section)
}
