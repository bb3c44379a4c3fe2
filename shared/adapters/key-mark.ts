import { type KMSClient, paginateListResourceTags, TagResourceCommand } from '@aws-sdk/client-kms';
import type { SweepVault } from '../ports/vault.ts';
import { calling } from './aws-fault.ts';

/** Keeps the mark of the store as a tag of a KMS key. A tag costs nothing, and it disappears when the vault is replaced. */
export const keyMark = (kms: KMSClient, keyId: string): Pick<SweepVault, 'readMark' | 'writeMark'> => ({
  readMark: async () => {
    const pages = paginateListResourceTags({ client: kms }, { KeyId: keyId });
    for (;;) {
      const page = await calling('KMS', pages.next());
      if (page.done) return undefined;
      const mark = page.value.Tags?.find(({ TagKey }) => TagKey === markTag);
      if (mark) return mark.TagValue;
    }
  },

  writeMark: async (mark) => {
    const Tags = [{ TagKey: markTag, TagValue: mark }];
    await calling('KMS', kms.send(new TagResourceCommand({ KeyId: keyId, Tags })));
  },
});

const markTag = 'mooring:store';
