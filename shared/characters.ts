import * as v from 'valibot';

/** As JSON Schema and people count: what `v.maxLength` takes for two, half an emoji each, is one. */
export const maxCharacters = (most: number): v.MaxLengthAction<string, number, undefined> => {
  const action = v.maxLength<string, number>(most);
  return {
    ...action,
    '~run': (dataset, config) =>
      dataset.typed && Array.from(dataset.value).length <= most ? dataset : action['~run'](dataset, config),
  };
};

/** At most so many UTF-16 units of a text, which ends with an ellipsis then; no character is cut in two. */
export const cutText = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

/** What a cure may take that names what a source holds, and so may be of any length. */
export const maxCure = 20_000;
