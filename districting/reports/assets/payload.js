// The block of figures and arrays that the page carries: written by reports/payload.py, unpacked here.

async function openPayload(element) {
  const text = atob(element.textContent.trim());
  const packed = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const letterLength = new DataView(buffer).getUint32(0, true);
  const letter = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, letterLength)));
  return unpackArrays(letter, buffer, 4 + letterLength);
}

const ARRAY_KINDS = { i4: Int32Array, u1: Uint8Array, f4: Float32Array };

function unpackArrays(value, buffer, base) {
  if (value === null || typeof value !== "object") return value;
  if (value.array !== undefined && value.at !== undefined) {
    return new ARRAY_KINDS[value.array](buffer, base + value.at, value.n);
  }
  for (const key of Object.keys(value)) value[key] = unpackArrays(value[key], buffer, base);
  return value;
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
