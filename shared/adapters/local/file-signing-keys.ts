import type { SigningKeys } from '../../ports/signing.ts';
import { openSealedFolder } from './sealed-folder.ts';

/** Derives secrets from a key file in the folder, which only the folder's owner can read. Created if it does not exist. */
export const openFileSigningKeys = async (folder: string): Promise<SigningKeys> => {
  const { mac } = await openSealedFolder(folder, []);
  return { derive: async (label) => mac(label) };
};
