import { randomBytes } from 'node:crypto';

/** A UUIDv7 (RFC 9562) as 32 hex digits. Later ids sort after earlier ones. `now` is in milliseconds. */
export const createId = (now: number): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString('hex');
};

/** The id as the API shows it. */
export const toPublicId = (id: string) => `conn_${id}`;
