/** Renders openapi.json. All text goes in as text nodes; nothing is ever parsed as HTML. */

const element = (name, { text, children = [], ...attributes } = {}) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key === 'className' ? 'class' : key, value);
  if (text !== undefined) node.textContent = text;
  node.append(...children);
  return node;
};

/** Text in which `words` between backticks are code. */
const withCode = (text) => text.split('`').map((part, index) => (index % 2 === 1 ? element('code', { text: part }) : part));

const byId = (id) => document.querySelector(`#${id}`);

const resolve = (api, schema, depth = 0) => {
  if (schema === null || typeof schema !== 'object' || depth > 12) return schema;
  if (Array.isArray(schema)) return schema.map((item) => resolve(api, item, depth + 1));
  if (typeof schema.$ref === 'string') return resolve(api, api.components.schemas[schema.$ref.split('/').at(-1)], depth + 1);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolve(api, value, depth + 1)]));
};

const describeSchema = (api, title, schema) =>
  element('details', {
    children: [
      element('summary', { text: schema?.$ref === undefined ? title : `${title}: ${schema.$ref.split('/').at(-1)}` }),
      element('pre', { text: JSON.stringify(resolve(api, schema), null, 2), tabindex: '0' }),
    ],
  });

const describeParameters = (parameters) =>
  element('dl', {
    children: parameters.flatMap((parameter) => [
      element('dt', { children: [element('code', { text: parameter.name })] }),
      element('dd', {
        className: 'muted',
        text: [`in ${parameter.in}`, parameter.required ? 'required' : 'optional', parameter.schema?.type ?? ''].filter(Boolean).join(', '),
      }),
    ]),
  });

const describeAnswers = (api, responses) =>
  Object.entries(responses).flatMap(([status, response]) => {
    const schema = response.content?.['application/json']?.schema;
    const line = element('p', { children: [element('code', { text: status }), ' ', ...withCode(response.description)] });
    return schema === undefined ? [line] : [line, describeSchema(api, `Body of ${status}`, schema)];
  });

const describeOperation = (api, { path, method, operation }) => {
  const body = operation.requestBody?.content?.['application/json']?.schema;
  return element('article', {
    id: operation.operationId,
    'data-search': `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase(),
    children: [
      element('h3', {
        children: [element('span', { className: `method ${method}`, text: method.toUpperCase() }), ' ', element('code', { text: path })],
      }),
      element('p', { children: withCode(operation.summary) }),
      element('p', { className: 'muted', children: withCode(operation.description) }),
      ...(operation.parameters === undefined ? [] : [describeParameters(operation.parameters)]),
      ...(body === undefined ? [] : [describeSchema(api, 'Request body', body)]),
      ...describeAnswers(api, operation.responses),
    ],
  });
};

const render = (api) => {
  byId('title').textContent = `${api.info.title} API ${api.info.version}`;
  byId('about').replaceChildren(...withCode(api.info.description));
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = api.tags.map(({ name }) => ({ name, list: operations.filter(({ operation }) => operation.tags.includes(name)) }));
  byId('content').replaceChildren(
    ...sections.map(({ name, list }) =>
      element('section', { children: [element('h2', { text: name }), ...list.map((each) => describeOperation(api, each))] }),
    ),
  );
  byId('contents').replaceChildren(
    ...sections.flatMap(({ name, list }) => [
      element('strong', { text: name }),
      element('ul', {
        children: list.map(({ operation }) =>
          element('li', { children: [element('a', { href: `#${operation.operationId}`, children: withCode(operation.summary) })] }),
        ),
      }),
    ]),
  );
};

const filter = () => {
  const wanted = byId('filter').value.trim().toLowerCase();
  for (const article of document.querySelectorAll('article')) article.hidden = !article.dataset.search.includes(wanted);
  for (const section of document.querySelectorAll('section')) section.hidden = section.querySelector('article:not([hidden])') === null;
};

byId('filter').addEventListener('input', filter);
fetch(new URL('../openapi.json', import.meta.url))
  .then((response) => (response.ok ? response.json() : Promise.reject(new Error(`status ${response.status}`))))
  .then(render)
  .catch((error) => {
    byId('status').textContent = `The description could not be loaded: ${error.message}`;
  });
