import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { createTooLargeProblem } from '../../network/budget.ts';

export interface DecompressedPrefix {
  readonly bytes: Buffer;
  /** Number of compressed bytes that they were made of. */
  readonly from: number;
  /** Whether the input holds nothing more. */
  readonly whole: boolean;
}

/**
 * Decompresses the beginning of a file to at most `maxBytes`: a kilobyte can hold a megabyte. Returns `undefined` for invalid data. Throws
 * `source-too-large` if the decompression needs too large a window.
 */
export const decompressPrefix = (
  compressed: Buffer,
  content: 'gzip' | 'zstd',
  maxBytes: number,
): Promise<DecompressedPrefix | undefined> =>
  new Promise((resolve, reject) => {
    const stream = decompressors[content]();
    const bytes = Buffer.alloc(maxBytes);
    let size = 0;
    const finish = (whole: boolean) => {
      stream.destroy();
      resolve({
        bytes: bytes.subarray(0, size),
        from: whole ? compressed.length : stream.bytesWritten,
        whole,
      });
    };
    stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ZSTD_error_frameParameter_windowTooLarge') reject(createTooLargeProblem());
      // Zstandard has no option to accept incomplete input.
      else if (code === 'Z_BUF_ERROR') finish(false);
      else resolve(undefined);
    });
    stream.on('data', (piece: Buffer) => {
      const some = piece.subarray(0, maxBytes - size);
      bytes.set(some, size);
      size += some.length;
      if (some.length < piece.length) finish(false);
    });
    stream.on('end', () => finish(true));
    stream.end(compressed);
  });

const DECOMPRESS_CHUNK_BYTES = 2 ** 16;
/** Enough for every level of zstd except --ultra and --long: https://github.com/facebook/zstd/blob/dev/lib/compress/clevels.h */
const MAX_ZSTD_WINDOW_LOG = 23;

const decompressors = {
  gzip: () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: DECOMPRESS_CHUNK_BYTES }),
  zstd: () =>
    createZstdDecompress({
      params: { [constants.ZSTD_d_windowLogMax]: MAX_ZSTD_WINDOW_LOG },
      chunkSize: DECOMPRESS_CHUNK_BYTES,
    }),
};
