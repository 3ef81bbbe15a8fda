import { expect, it } from 'vitest';
import { SentTexts } from './sent-texts.ts';

it('takes no late echo for news', () => {
  const texts = new SentTexts('');
  texts.send('we');
  texts.send('web');
  expect(texts.isEcho('we')).toBe(true);
  expect(texts.latest).toBe('web');
  expect(texts.isEcho('web')).toBe(true);
});

it('takes for news what was never sent, and what was sent before something newer had arrived', () => {
  const texts = new SentTexts('');
  texts.send('we');
  texts.send('web');
  expect(texts.isEcho('web')).toBe(true);
  expect(texts.isEcho('we')).toBe(false);
  expect(texts.latest).toBe('we');
  expect(texts.isEcho('state:on')).toBe(false);
});

it('is not surprised by the text that stands there already', () => {
  expect(new SentTexts('db').isEcho('db')).toBe(true);
});
