import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../ports/clock.ts';
import type { Parking } from '../../ports/parking.ts';
import { encodeParkedLocal } from '../parked-change.ts';
import { writeFileAtomically } from './atomic-file.ts';

/** Parked changes as files of a folder, which is created when it is needed. */
export const createFolderParking = (folder: string, clock: Clock): Parking => ({
  park: async (change) => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const name = `${clock()}-${change.id.replaceAll(/[^\w-]/g, '_')}.json`;
    await writeFileAtomically(join(folder, name), encodeParkedLocal(change, clock()), 'over');
  },
});
