import { type FieldError, createFieldProblem, maskFieldName } from '../../parse-input.ts';
import { unseenPattern } from './unseen-characters.ts';

interface VisibleTexts {
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
export const checkText = (given: VisibleTexts, stored: VisibleTexts = {}): void => {
  const listLineErrors = (path: string, text: string) =>
    isVisibleLine(text) ? [] : [{ path, expected: textExpectations.line }];
  const listProseErrors = (path: string, text: string) =>
    isVisibleText(text) ? [] : [{ path, expected: textExpectations.prose }];
  const listItemErrors = (path: string, texts: readonly string[], known: readonly string[]) =>
    texts.flatMap((text, at) => (known.includes(text) ? [] : listLineErrors(`${path}.${at}`, text)));
  const { name, description, product, excluded_schemas: schemas, tags, metadata, note } = given;
  const complaints: readonly FieldError[] = [
    ...(name === undefined || name === stored.name ? [] : listLineErrors('name', name)),
    ...(!description || description === stored.description
      ? []
      : listProseErrors('description', description)),
    ...(!product || product === stored.product ? [] : listLineErrors('product', product)),
    ...listItemErrors('excluded_schemas', schemas ?? [], stored.excluded_schemas ?? []),
    ...listItemErrors('tags', tags ?? [], stored.tags ?? []),
    ...Object.entries(metadata ?? {}).flatMap(([key, value]) => {
      const known = stored.metadata?.[key];
      if (known !== undefined && (value === null || value === known)) return [];
      const path = `metadata.${maskFieldName(key)}`;
      return [
        ...(known === undefined ? listLineErrors(path, key) : []),
        ...listProseErrors(path, value ?? ''),
      ];
    }),
    ...(note === undefined ? [] : listProseErrors('note', note)),
  ];
  if (complaints.length > 0) throw createFieldProblem(complaints);
};

const textExpectations = {
  line: 'text without control characters and invisible characters',
  prose: 'text without invisible characters, and without control characters other than tabs and line breaks',
};

const isVisibleLine = (text: string): boolean => {
  const bare = text.replaceAll(visibleJoinerPattern, '');
  return !unseenPattern.test(bare) && !invisibleLetterPattern.test(bare);
};

/** Allows tabs, line breaks, and the direction marks that texts in Arabic and Hebrew need. */
const isVisibleText = (text: string): boolean =>
  isVisibleLine(text.replaceAll(/[\t\n\r\u061C\u200E\u200F]/g, ''));

/** Letters and symbols that have no visible form: fillers of Hangul and Braille, and the combining grapheme joiner. */
const invisibleLetterPattern = /[\u034F\u115F\u1160\u2800\u3164\uFFA0]/u;

/** Joiners where they affect the display: in emoji, and within words of scripts that join their letters. */
const visibleJoinerPattern =
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})|(?<=[\p{scx=Arab}\p{scx=Syrc}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Mymr}\p{scx=Khmr}\p{scx=Tibt}\p{scx=Mong}])[\u200C\u200D](?=[\p{L}\p{M}])/gu;
