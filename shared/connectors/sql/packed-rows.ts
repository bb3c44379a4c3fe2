/** Stores rows of texts as UTF-8 bytes. */
export interface PackedRows {
  /** Stores a row and returns its position. No text may contain NUL. */
  pack(fields: readonly string[]): number;
  unpack(at: number): string[];
}

/**
 * Outside the V8 heap a row takes little more than its bytes, and the garbage collector never copies or visits it. As strings and arrays,
 * the rows of a large catalog would take several times as much memory.
 */
export const createPackedRows = (): PackedRows => {
  /** A row starts in the first `ROW_CHUNK_BYTES` of its chunk. A longer chunk takes several entries of the array. */
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
      const most = lengthBytes + 3 * text.length; // a UTF-16 unit takes at most 3 bytes in UTF-8
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
