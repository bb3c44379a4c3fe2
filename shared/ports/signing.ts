/** Derives the secrets that sign what Mooring sends. The key never leaves the port, and nothing that it derives is stored. */
export interface SigningKeys {
  /** Returns 32 bytes, always the same for one label. */
  derive(label: string): Promise<Uint8Array>;
}
