import { stripVTControlCharacters } from 'node:util';
import { convertChange } from '../../shared/domain/events/convert-change.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';

/** Renders one line for the terminal if the change decides about the status of a connection: name, from, to and problem code. */
export const renderStatusLines = (change: StoreEvent): readonly string[] =>
  convertChange(change).events.flatMap((event) => {
    if (event.type !== 'connection.status_changed') return [];
    const { connection, from, to, code } = event.data;
    const reason = code === null ? '' : ` (${code})`;
    return [`${toPrintable(connection.name)}: ${from ?? 'new'} → ${to}${reason}`];
  });

/** A name is text of a caller: it must not move the cursor or hide what follows. */
const toPrintable = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
