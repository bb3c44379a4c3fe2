import { constants, createGunzip } from 'node:zlib';

export interface Unpacked {
  readonly bytes: Buffer;
  /** How many of the packed bytes they were made of. */
  readonly from: number;
  /** Whether there is nothing more in what was given. */
  readonly whole: boolean;
}

/** The first bytes of what a beginning of a gzip file holds, and no more of them than `most`: a kilobyte can hold a megabyte. */
export const unpack = (packed: Buffer, most: number): Promise<Unpacked | undefined> =>
  new Promise((resolve) => {
    const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 2 ** 16 });
    const bytes = Buffer.alloc(most);
    let size = 0;
    const settle = (whole: boolean) => {
      gunzip.destroy();
      resolve({ bytes: bytes.subarray(0, size), from: whole ? packed.length : gunzip.bytesWritten, whole });
    };
    gunzip.on('error', () => resolve(undefined));
    gunzip.on('data', (piece: Buffer) => {
      const some = piece.subarray(0, most - size);
      bytes.set(some, size);
      size += some.length;
      if (some.length < piece.length) settle(false);
    });
    gunzip.on('end', () => settle(true));
    gunzip.end(packed);
  });
