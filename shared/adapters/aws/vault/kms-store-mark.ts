import { type KMSClient, paginateListResourceTags, TagResourceCommand } from '@aws-sdk/client-kms';
import type { SweepVault } from '../../../ports/vault.ts';
import { callAws } from '../aws-fault.ts';

/** Keeps the mark of the store as a tag of a KMS key. A tag costs nothing, and it disappears when the vault is replaced. */
export const createKmsStoreMark = (
  kms: KMSClient,
  keyId: string,
): Pick<SweepVault, 'readMark' | 'writeMark'> => ({
  readMark: async () => {
    const pages = paginateListResourceTags({ client: kms }, { KeyId: keyId });
    for (;;) {
      const page = await callAws('KMS', pages.next());
      if (page.done) return undefined;
      const mark = page.value.Tags?.find(({ TagKey }) => TagKey === storeMarkTag);
      if (mark) return mark.TagValue;
    }
  },

  writeMark: async (mark) => {
    const Tags = [{ TagKey: storeMarkTag, TagValue: mark }];
    await callAws('KMS', kms.send(new TagResourceCommand({ KeyId: keyId, Tags })));
  },
});

const storeMarkTag = 'mooring:store';
