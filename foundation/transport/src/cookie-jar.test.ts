import { expect, test } from 'vitest';
import { createCookieJar } from './cookie-jar.ts';

test('echoes a quoted cookie letter by letter', () => {
  const jar = createCookieJar();
  jar.store('vmware_soap_session="52f5c2a6-0f6e-8c1b"; Path=/; HttpOnly; Secure; ');
  expect(jar.header()).toBe('vmware_soap_session="52f5c2a6-0f6e-8c1b"');
  expect(jar.get('vmware_soap_session')).toBe('"52f5c2a6-0f6e-8c1b"');
});

test('takes several values, replaces by name and forgets what the server takes back', () => {
  const jar = createCookieJar();
  jar.store(['a=1', 'b=2=2; Path=/ui', 'c=3']);
  jar.store('a=4');
  jar.store('c=3; Max-Age=0');
  jar.store(undefined);
  expect(jar.header()).toBe('b=2=2; a=4');
  jar.clear();
  expect(jar.header()).toBeUndefined();
});

test('leaves out what could smuggle another header or cookie', () => {
  const jar = createCookieJar();
  jar.store(['a=1\r\nHost: evil', 'b c=1', '=x', 'novalue', `long=${'x'.repeat(5_000)}`, 'ok=1']);
  expect(jar.header()).toBe('ok=1');
});

test('is bounded', () => {
  const jar = createCookieJar();
  jar.store(Array.from({ length: 1_000 }, (_, index) => `c${index}=1`));
  expect(jar.header()?.split('; ')).toHaveLength(50);
});
