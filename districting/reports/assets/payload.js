// The block of figures and arrays that the page carries: written by reports/payload.py, unpacked here.

async function openPayload(element) {
  const text = atob(element.textContent.trim());
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const letterLength = new DataView(buffer).getUint32(0, true);
  const letter = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, letterLength)));
  return unpackArrays(letter, buffer, 4 + letterLength);
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
