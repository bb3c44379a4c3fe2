/** Rows of texts, kept as the bytes that they came as. */
export interface PackedRows {
  /** Keeps a row, and answers where. No text may hold a zero character. */
  pack(fields: readonly string[]): number;
  unpack(at: number): string[];
}

/**
 * Outside of V8's heap a row takes little more than its bytes, and no collection of garbage ever copies or visits it: as strings and
 * arrays the rows of a large catalog take several times as much.
 */
export const createPackedRows = (): PackedRows => {
  /** A row begins in the first `chunkBytes` of its chunk; a chunk that is longer takes the places of several. */
  const chunks: (Buffer | undefined)[] = [];
  let chunk = Buffer.alloc(0);
  let start = 0;
  let used = 0;

  const addChunk = (least: number) => {
    start = chunks.length * chunkBytes;
    chunk = Buffer.allocUnsafeSlow(Math.max(least, chunkBytes));
    used = 0;
    chunks.push(chunk);
    chunks.length = Math.ceil((start + chunk.length) / chunkBytes);
  };

  return {
    pack: (fields) => {
      const text = fields.join(separator);
      const most = lengthBytes + 3 * text.length; // no unit of UTF-16 takes more in UTF-8
      if (used >= chunkBytes || used + most > chunk.length) addChunk(most);
      const at = start + used;
      const length = chunk.write(text, used + lengthBytes);
      chunk.writeUInt32LE(length, used);
      used += lengthBytes + length;
      return at;
    },
    unpack: (at) => {
      const found = chunks[Math.floor(at / chunkBytes)];
      if (!found) throw new RangeError('Expected where a row was packed');
      const from = (at % chunkBytes) + lengthBytes;
      return found.toString('utf8', from, from + found.readUInt32LE(from - lengthBytes)).split(separator);
    },
  };
};

const separator = '\0';
const lengthBytes = 4;
const chunkBytes = 1 << 20;
