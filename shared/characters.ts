import * as v from 'valibot';

/** Limits a text in Unicode code points, as JSON Schema counts; `v.maxLength` counts UTF-16 units, of which an emoji has two. */
export const maxCharacters = (most: number): v.MaxLengthAction<string, number, undefined> => {
  const action = v.maxLength<string, number>(most);
  return {
    ...action,
    '~run': (dataset, config) =>
      dataset.typed && Array.from(dataset.value).length <= most ? dataset : action['~run'](dataset, config),
  };
};

/** Cuts a text to at most `limit` UTF-16 units, the last of which is an ellipsis. Does not split surrogate pairs. */
export const cutText = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

/** The limit, in characters, of a remediation that lists names from a source. */
export const maxCure = 20_000;
