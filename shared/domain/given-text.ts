import { type Complaint, refusal, tellName } from '../parse.ts';
import { unseen } from './unseen.ts';

interface Texts {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly product?: string | null | undefined;
  readonly excluded_schemas?: readonly string[] | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  readonly metadata?: Readonly<Record<string, string | null>> | null | undefined;
  /** The note of a usage. */
  readonly note?: string | undefined;
}

/**
 * Rejects invisible characters in texts for people: they would make different names look equal, or display text in another order than it is
 * stored. Accepts values that the connection already has, because an earlier release accepted them.
 */
export const checkText = (given: Texts, stored: Texts = {}): void => {
  const line = (path: string, text: string) => (isLine(text) ? [] : [{ path, expected: expected.line }]);
  const prose = (path: string, text: string) => (isProse(text) ? [] : [{ path, expected: expected.prose }]);
  const list = (path: string, texts: readonly string[], known: readonly string[]) =>
    texts.flatMap((text, at) => (known.includes(text) ? [] : line(`${path}.${at}`, text)));
  const { name, description, product, excluded_schemas: schemas, tags, metadata, note } = given;
  const complaints: readonly Complaint[] = [
    ...(name === undefined || name === stored.name ? [] : line('name', name)),
    ...(!description || description === stored.description ? [] : prose('description', description)),
    ...(!product || product === stored.product ? [] : line('product', product)),
    ...list('excluded_schemas', schemas ?? [], stored.excluded_schemas ?? []),
    ...list('tags', tags ?? [], stored.tags ?? []),
    ...Object.entries(metadata ?? {}).flatMap(([key, value]) => {
      const known = stored.metadata?.[key];
      if (known !== undefined && (value === null || value === known)) return [];
      const path = `metadata.${tellName(key)}`;
      return [...(known === undefined ? line(path, key) : []), ...prose(path, value ?? '')];
    }),
    ...(note === undefined ? [] : prose('note', note)),
  ];
  if (complaints.length > 0) throw refusal(complaints);
};

const expected = {
  line: 'no control characters, and none that cannot be seen',
  prose: 'no control characters but tabs and line breaks, and none that cannot be seen',
};

const isLine = (text: string): boolean => {
  const bare = text.replaceAll(joined, '');
  return !unseen.test(bare) && !blank.test(bare);
};

/** Allows tabs, line breaks, and the direction marks that texts in Arabic and Hebrew need. */
const isProse = (text: string): boolean => isLine(text.replaceAll(/[\t\n\r\u061C\u200E\u200F]/g, ''));

/** Letters and symbols that have no visible form: fillers of Hangul and Braille, and the combining grapheme joiner. */
const blank = /[\u034F\u115F\u1160\u2800\u3164\uFFA0]/u;

/** Joiners where they affect the display: in emoji, and within words of scripts that join their letters. */
const joined =
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})|(?<=[\p{scx=Arab}\p{scx=Syrc}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Mymr}\p{scx=Khmr}\p{scx=Tibt}\p{scx=Mong}])[\u200C\u200D](?=[\p{L}\p{M}])/gu;
