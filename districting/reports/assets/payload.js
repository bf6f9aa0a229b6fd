// The block of figures and arrays that the page carries: written by reports/payload.py, unpacked here.

async function openPayload(element) {
  const text = atob(element.textContent.trim());
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const letterLength = new DataView(buffer).getUint32(0, true);
  const letter = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, letterLength)));
  return openPlans(unpackArrays(letter, buffer, 4 + letterLength));
}

function unpackArrays(value, buffer, base) {
  if (value === null || typeof value !== "object") return value;
  if (value.array !== undefined && value.at !== undefined) return wholeNumbers(new Uint8Array(buffer, base + value.at, 4 * value.n), value.n);
  for (const key of Object.keys(value)) value[key] = unpackArrays(value[key], buffer, base);
  return value;
}

// The lowest bytes of all numbers come first, then the second ones …; the sign stands in the last bit.
function wholeNumbers(bytes, n) {
  const numbers = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const raw = bytes[i] | (bytes[n + i] << 8) | (bytes[2 * n + i] << 16) | (bytes[3 * n + i] << 24);
    numbers[i] = (raw >>> 1) ^ -(raw & 1);
  }
  return numbers;
}

// Stands for a missing number in a column (reports/page_columns.py).
const MISSING = 2 ** 29;

// Communities and figures of the plans, from their columns; limits of four sides, shared by all who have them.
function openPlans(data) {
  const { known, kinds } = data;
  data.colours = Object.fromEntries(known.id.map((id, at) => [id, known.colour[at]]));
  data.sides = data.sides.map((four) => four.map((side) => side.map((at) => data.limits[at])));
  const first = new Map();
  for (const plan of data.plans) {
    const open = (name, stored, digits = 0) => openColumn(first, name, plan.who, stored, digits, known.id.length);
    const held = Object.fromEntries(Object.entries(plan.columns).map(([name, stored]) => [name, open(name, stored)]));
    plan.communities = Array.from(plan.who, (at, i) => ({
      id: known.id[at], name: known.name[at], subdistrict: known.subdistricts[known.subdistrict[at]], listed: known.listed[at] === 1,
      x: held.x[i] / 10, y: held.y[i] / 10, radius: held.radius[i] / 10, box: [held.west[i], held.south[i], held.east[i], held.north[i]],
      sides: held.sides[i], seat: held.seat_x[i] === null ? null : [held.seat_x[i] / 10, held.seat_y[i] / 10],
      seatKind: kinds.seat[held.seat_kind[i]] ?? null, action: kinds.action[held.action[i]] ?? null,
    }));
    plan.figures = Object.fromEntries(Object.entries(plan.figures).map(([name, [digits, stored]]) => [name, open(name, stored, digits)]));
    if (plan.resources) plan.resources = plan.resources.map((subject, at) => Object.fromEntries(Object.entries(subject).map(([name, stored]) => [name, open(`${name} ${at}`, stored)])));
  }
  return data;
}

// Numbers of a column: of each name, the first plan tells them, the others what differs from it.
function openColumn(first, name, who, stored, digits, count) {
  const scaled = (raw) => (raw === MISSING || raw === null ? null : digits < 0 ? raw * 10 ** -digits : raw / 10 ** digits);
  if (Array.isArray(stored)) return stored.map(scaled);
  const before = first.get(name);
  if (before) return Array.from(stored, (value, i) => scaled(value + before[who[i]]));
  const spread = new Int32Array(count);
  stored.forEach((value, i) => (spread[who[i]] = value));
  first.set(name, spread);
  return Array.from(stored, scaled);
}

// Differences in decimetres, x and y in turn, back to metres from the origin.
function metres(differences) {
  const xy = new Float32Array(differences.length);
  let x = 0;
  let y = 0;
  for (let i = 0; i < differences.length; i += 2) {
    x += differences[i];
    y += differences[i + 1];
    xy[i] = x / 10;
    xy[i + 1] = y / 10;
  }
  return xy;
}
