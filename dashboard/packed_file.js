// @ts-check
/**
 * Reads a packed file in the browser, from docs/artifact-format.md alone: header, records, weights.
 *
 * It looks at a file the server has checked; what it cannot understand it refuses by name.
 */

const HEADER_BYTES = 128;
const RECORD_BYTES = 24;
const VERSION = 1;
const KINDS = ["input", "conv", "linear", "add", "global_avg_pool", "max_pool", "pad_channels"];
const NO_INPUT = 65535;

/** Why a file cannot be read. */
export class PackedFileError extends Error {
  /** @param {string} code @param {string} detail */
  constructor(code, detail) {
    super(detail);
    this.name = "PackedFileError";
    this.code = code;
  }
}

/**
 * @typedef {object} PackedLayer
 * @property {string} kind
 * @property {number} weightBits
 * @property {boolean} isOdd weights are on the odd grid
 * @property {boolean} hasWidths output channels have widths of their own
 * @property {number} outChannels
 * @property {number} perChannel weights of one output channel; 0 without weights
 * @property {number} widthBytes
 * @property {number} offset where the payload starts
 * @property {number} length of the payload
 */

/**
 * @typedef {object} PackedFile
 * @property {number} length
 * @property {string} sha256 as the header states it
 * @property {string} candidateHash
 * @property {string} dataHash
 * @property {bigint} seed
 * @property {string} codeVersion
 * @property {PackedLayer[]} layers
 * @property {Uint8Array<ArrayBuffer>} bytes
 */

/** @param {Uint8Array} bytes */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {number} n */
const even = (n) => n + (n % 2);

/**
 * @param {ArrayBuffer} buffer
 * @returns {PackedFile}
 */
export function readPackedFile(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  if (bytes.length < HEADER_BYTES) throw new PackedFileError("truncated", `The file has ${bytes.length} bytes, its header alone ${HEADER_BYTES}.`);
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== "BPAR") throw new PackedFileError("bad_magic", "The file does not start with BPAR.");
  const version = view.getUint16(4, true);
  if (version !== VERSION) throw new PackedFileError("unknown_version", `The file has version ${version}; this page reads ${VERSION}.`);
  if (Number(view.getBigUint64(8, true)) !== bytes.length) throw new PackedFileError("bad_length", `The file has ${bytes.length} bytes and claims ${view.getBigUint64(8, true)}.`);
  const nLayers = view.getUint16(6, true);
  if (bytes.length < HEADER_BYTES + nLayers * RECORD_BYTES) throw new PackedFileError("truncated", "The file ends within its records.");
  return {
    length: bytes.length,
    sha256: hex(bytes.subarray(16, 48)),
    candidateHash: hex(bytes.subarray(48, 80)),
    dataHash: hex(bytes.subarray(80, 96)),
    seed: view.getBigUint64(96, true),
    codeVersion: new TextDecoder().decode(bytes.subarray(112, 128)).replace(/\0+$/, ""),
    layers: readLayers(view, bytes, nLayers),
    bytes,
  };
}

/**
 * @param {DataView} view
 * @param {Uint8Array} bytes
 * @param {number} nLayers
 */
function readLayers(view, bytes, nLayers) {
  /** @type {{channels: number, side: [number, number]}[]} */
  const shapes = [];
  /** @type {PackedLayer[]} */
  const layers = [];
  let offset = HEADER_BYTES + nLayers * RECORD_BYTES;
  for (let i = 0; i < nLayers; i += 1) {
    const at = HEADER_BYTES + i * RECORD_BYTES;
    const [kindCode, , weightBits, , flags, encoding, kernel, stride, padding] = bytes.subarray(at, at + 9);
    const kind = KINDS[kindCode];
    if (!kind) throw new PackedFileError("unknown_kind", `Layer ${i} has the kind ${kindCode}.`);
    if (encoding !== 0) throw new PackedFileError("unknown_encoding", `Layer ${i} has the encoding ${encoding}.`);
    const groups = view.getUint16(at + 12, true);
    const outChannels = view.getUint16(at + 14, true);
    const source = shapes[view.getUint16(at + 16, true)];
    if (!source && (kind !== "input" || view.getUint16(at + 16, true) !== NO_INPUT)) throw new PackedFileError("bad_inputs", `Layer ${i} reads a layer that is not before it.`);
    /** @type {[number, number]} */
    let side = source?.side ?? [view.getUint16(104, true), view.getUint16(106, true)];
    const around = (padding & 15) + (padding >> 4);
    let perChannel = 0;
    if (kind === "conv") perChannel = (source.channels / groups) * kernel * kernel;
    if (kind === "linear") perChannel = source.channels * side[0] * side[1];
    if (kind === "conv" || kind === "max_pool" || kind === "pad_channels") side = /** @type {[number, number]} */ (side.map((n) => Math.floor((n + around - kernel) / stride) + 1));
    if (kind === "linear" || kind === "global_avg_pool") side = [1, 1];
    shapes.push({ channels: outChannels, side });
    const layer = { kind, weightBits, isOdd: (flags & 2) > 0, hasWidths: (flags & 1) > 0, outChannels, perChannel, widthBytes: flags & 1 ? Math.ceil(outChannels / 2) : 0, offset, length: 0 };
    layer.length = payloadBytes(layer, bytes);
    offset += layer.length;
    if (offset > bytes.length) throw new PackedFileError("truncated", `The file ends within layer ${i}.`);
    layers.push(layer);
  }
  if (offset !== bytes.length) throw new PackedFileError("bad_length", `The layers end at byte ${offset} of ${bytes.length}.`);
  return layers;
}

/** The width of every output channel. @param {PackedLayer} layer @param {Uint8Array} bytes */
export function channelWidths({ hasWidths, weightBits, outChannels, offset }, bytes) {
  if (!hasWidths) return new Array(outChannels).fill(weightBits);
  return Array.from({ length: outChannels }, (_, c) => (bytes[offset + (c >> 1)] >> (4 * (c % 2))) & 15);
}

/** @param {PackedLayer} layer @param {Uint8Array} bytes */
function weightBytes(layer, bytes) {
  if (!layer.perChannel) return 0;
  if (!layer.hasWidths) return Math.ceil((layer.perChannel * layer.outChannels * layer.weightBits) / 8);
  return Math.ceil(channelWidths(layer, bytes).reduce((sum, width) => sum + width * layer.perChannel, 0) / 8);
}

/** @param {PackedLayer} layer @param {Uint8Array} bytes */
function payloadBytes(layer, bytes) {
  if (layer.kind === "add" || layer.kind === "global_avg_pool") return 4;
  if (layer.kind === "max_pool" || layer.kind === "pad_channels") return 0;
  return even(layer.widthBytes + weightBytes(layer, bytes)) + 4 * layer.outChannels;
}

/**
 * How often each integer occurs among the weights of a layer.
 *
 * @param {PackedLayer} layer
 * @param {Uint8Array} bytes of the whole file
 * @returns {Map<number, number>} integer of the grid to its count, rising; all of a grid up to 8 bits
 */
export function weightCounts(layer, bytes) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  if (!layer.perChannel) return counts;
  const widths = channelWidths(layer, bytes);
  if (layer.weightBits <= 8) for (const q of gridOf(layer)) counts.set(q, 0);
  let bit = 8 * (layer.offset + layer.widthBytes);
  for (const width of widths) {
    for (let k = 0; k < layer.perChannel; k += 1) {
      let level = 0;
      for (let j = 0; j < width; j += 1, bit += 1) level += ((bytes[bit >> 3] >> (bit & 7)) & 1) * 2 ** j;
      const q = integerOf(level, width, layer.isOdd);
      counts.set(q, (counts.get(q) ?? 0) + 1);
    }
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

/** @param {number} level @param {number} width @param {boolean} isOdd */
function integerOf(level, width, isOdd) {
  if (isOdd) return 2 * level - (2 ** width - 1);
  if (width === 1) return level ? 1 : -1;
  return level >= 2 ** (width - 1) ? level - 2 ** width : level;
}

/** @param {PackedLayer} layer */
function gridOf({ weightBits, isOdd }) {
  if (weightBits === 1 && !isOdd) return [-1, 1];
  return Array.from({ length: 2 ** weightBits }, (_, level) => (isOdd ? 2 * level - (2 ** weightBits - 1) : level - 2 ** (weightBits - 1)));
}

/**
 * Where every byte of the file is; the parts add up to its length.
 *
 * @param {PackedFile} file
 */
export function bytesByPart({ layers, bytes }) {
  const parts = { header: HEADER_BYTES, records: layers.length * RECORD_BYTES, weights: 0, channel_widths: 0, multipliers: 0, biases: 0, padding: 0 };
  for (const layer of layers) {
    const weights = weightBytes(layer, bytes);
    parts.weights += weights;
    parts.channel_widths += layer.widthBytes;
    if (layer.kind === "add") parts.multipliers += 4;
    else if (layer.kind === "global_avg_pool") {
      parts.multipliers += 2;
      parts.padding += 2;
    } else if (layer.length) {
      parts.multipliers += 2 * layer.outChannels;
      parts.biases += 2 * layer.outChannels;
      parts.padding += (layer.widthBytes + weights) % 2;
    }
  }
  return parts;
}

/**
 * Whether the hash in the header is that of the file; null where the browser will not compute it.
 *
 * @param {PackedFile} file
 */
export async function isUndamaged(file) {
  if (!globalThis.crypto?.subtle) return null; // only offered over https and on localhost
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", file.bytes.subarray(48)))) === file.sha256;
}
