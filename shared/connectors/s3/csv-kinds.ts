/** The kind of value that a text field can be read as. */
export type CsvKind = 'integer' | 'decimal' | 'boolean' | 'date' | 'time' | 'timestamp' | 'uuid' | 'string';

/** Returns `undefined` for an empty field and for words such as NULL. Digits after a leading zero are a string: a number would lose the zero. */
export const detectCsvKind = (field: string): CsvKind | undefined => {
  if (field === '' || nullWordPattern.test(field)) return undefined;
  for (const [form, kind] of numberPatterns) if (form.test(field)) return kind;
  // Dates and times are short and begin with a digit: this skips most texts cheaply.
  if (field.length <= MAX_TIME_CHARACTERS && /^\d{1,4}[-/.:\d]/.test(field)) {
    const kind = detectTimeKind(field);
    if (kind) return kind;
  }
  return wordPatterns.find(([form]) => form.test(field))?.[1] ?? 'string';
};

/** Whether a field is a value rather than a name. */
export const isCsvValue = (field: string): boolean => {
  const kind = detectCsvKind(field);
  return kind !== undefined && kind !== 'string' && /\d/.test(field);
};

export const isYear = (field: string | undefined): boolean => /^(19|20)\d\d$/.test(field?.trim() ?? '');

/** Merges the kinds of a column's fields into the kind of the column. */
export const mergeCsvKinds = (kinds: readonly CsvKind[]): CsvKind => {
  const [first, second, ...more] = kinds;
  if (first === undefined) return 'string';
  if (second === undefined) return first;
  const both = new Set([first, second]);
  if (more.length > 0) return 'string';
  if (both.has('integer') && both.has('decimal')) return 'decimal';
  return both.has('date') && both.has('timestamp') ? 'timestamp' : 'string';
};

/** What R, pandas, MySQL, Excel and people write for a missing value. */
const nullWordPattern = /^(-|na|n\/a|#n\/a|nan|null|none|nil|\\n)$/i;

const numberPatterns: readonly (readonly [RegExp, CsvKind])[] = [
  [/^-?(0|[1-9]\d*)$/, 'integer'], // no plus sign, which begins telephone numbers
  [/^-?((0|[1-9]\d*)?\.\d+|(0|[1-9]\d*)\.?)([eE][+-]?\d+)?$/, 'decimal'],
];

const wordPatterns: readonly (readonly [RegExp, CsvKind])[] = [
  [/^[+-]?inf(inity)?$/i, 'decimal'],
  [/^(true|false|t|f|yes|no)$/i, 'boolean'],
  [/^\d{8}T\d{6}Z?$/, 'timestamp'],
  [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'uuid'],
];

const MAX_TIME_CHARACTERS = 45;

const detectTimeKind = (field: string): CsvKind | undefined => {
  const [, date = '', time = ''] = /^([\d/.-]+)(?:[T ](.+))?$/.exec(field) ?? [];
  if (isCalendarDate(date)) {
    if (time === '') return field === date ? 'date' : undefined;
    return clockPattern.test(time.replace(timeZonePattern, '')) ? 'timestamp' : undefined;
  }
  return clockPattern.test(field) ? 'time' : undefined;
};

const clockPattern = /^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?( ?[AP]M)?$/i;
const timeZonePattern = / ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)$/;

/** Accepts the year first, or last with day and month in either order. Accepts a two-digit year only if it cannot be part of a version. */
const isCalendarDate = (text: string): boolean => {
  const [, year = '', , month = '', day = ''] = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/.exec(text) ?? [];
  if (year !== '') return isValidDay(year, month, day);
  const [, one = '', , other = '', last = ''] =
    /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|(?<=\/)\d\d|(?<=^\d\d-\d\d-)\d\d)$/.exec(text) ?? [];
  return last !== '' && (isValidDay(last, one, other) || isValidDay(last, other, one));
};

const isValidDay = (year: string, month: string, day: string): boolean => {
  const [y, m, d] = [Number(year.padStart(4, '20')), Number(month), Number(day)];
  return m >= 1 && m <= 12 && d >= 1 && d <= (m === 2 && isLeapYear(y) ? 29 : (daysPerMonth[m - 1] ?? 0));
};

const daysPerMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
