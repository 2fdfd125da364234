// Writes world.tsv: every country of ISO 3166-1 with its English name and its outline on a small world map.
//
// Usage: node update.mjs, in a folder where npm has installed world-atlas, cldr-core, cldr-localenames-full,
// d3-geo, topojson-client and topojson-simplify; the file is written to standard output.
//
// A line is the two-letter code, the name and the outline, separated by tabs: an SVG path in whole units
// of a map 960 wide and 460 high (Equal Earth projection). What is too small for an outline has a small
// diamond where it lies; what is not on any map of the source has none.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.cwd() + "/"));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { geoEqualEarth, geoPath, geoCentroid } = await load("d3-geo");
const { feature } = await load("topojson-client");
const { presimplify, simplify } = await load("topojson-simplify");

const mappings = require("cldr-core/supplemental/codeMappings.json").supplemental.codeMappings;
const names = require("cldr-localenames-full/main/en/territories.json").main.en.localeDisplayNames.territories;

const projection = geoEqualEarth().rotate([-11, 0]).fitExtent([[0, 0], [960, 500]], { type: "Sphere" });

// The source's map gives these no number. CLDR knows Kosovo as XK; to ISO 3166-1 the others are parts of a country.
const UNNUMBERED = { Kosovo: "XK", "N. Cyprus": "CY", Somaliland: "SO" };
const code = (shape) =>
  UNNUMBERED[shape.properties.name]
    ?? (Object.keys(mappings).find((it) => shape.id !== undefined && mappings[it]._numeric === String(shape.id).padStart(3, "0")
      && it.length === 2 && it in names) || false);

const shapes = (name, weight) => {
  const world = require(name);
  const simple = weight ? simplify(presimplify(world), weight) : world;
  return feature(simple, simple.objects.countries).features;
};

const path = (shape) => {
  const polygons = shape.geometry.type === "Polygon" ? [shape.geometry.coordinates] : shape.geometry.coordinates;
  let text = "";
  for (const polygon of polygons) {
    const area = geoPath(projection).area({ type: "Polygon", coordinates: polygon });
    if (area < 3) continue;
    // Rings are cut where the map ends, so let the projection do it.
    const drawn = geoPath(projection).digits(0)({ type: "Polygon", coordinates: polygon });
    text += relative(drawn);
  }
  return text;
};

// Absolute lines to relative ones, which are shorter.
const relative = (drawn) => {
  let text = "";
  for (const ring of (drawn ?? "").split("Z").filter(Boolean)) {
    const points = ring.slice(1).split("L").map((pair) => pair.split(",").map(Number));
    const steps = points.slice(1).map((point, at) => [point[0] - points[at][0], point[1] - points[at][1]]);
    const moved = steps.filter(([x, y]) => x || y);
    if (moved.length < 2) continue;
    text += `M${points[0].join(" ")}l${moved.map((step) => step.join(" ")).join(" ")}z`;
  }
  return text;
};

const outlines = new Map();
for (const shape of shapes("world-atlas/countries-110m.json", 0.02)) {
  const key = code(shape);
  if (key && key !== "AQ") outlines.set(key, (outlines.get(key) ?? "") + path(shape));
}
for (const shape of shapes("world-atlas/countries-50m.json")) {
  const key = code(shape);
  if (!key || key === "AQ" || outlines.get(key)) continue;
  const [x, y] = projection(geoCentroid(shape)).map(Math.round);
  outlines.set(key, `M${x} ${y - 2}l2 2 -2 2 -2 -2z`);
}
const codes = Object.keys(names).filter((it) => /^[A-Z]{2}$/.test(it) && (mappings[it]?._numeric < "900" || it === "XK"));
for (const key of codes.sort()) {
  process.stdout.write(`${key}\t${names[key]}\t${outlines.get(key) ?? ""}\n`);
}
