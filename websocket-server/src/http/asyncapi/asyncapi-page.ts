import { FRAME_ERRORS } from '@postline/protocol';
import {
  type Html,
  html,
  htmlPage,
  MENU_CLOSE_LINK,
  MENU_LINK,
  prose,
  SchemaTables,
} from '@postline/service-runtime';
import type { AsyncApiDocument, FrameMessage, FrameOperation } from './asyncapi-document.ts';

const TALK = `→ {"type":"identify","clientId":1,"resume":{"epoch":"q83v…","offsets":{"1":41}}}
← {"type":"identified","clientId":"1",…,"targets":{"1":{"offset":41,"head":57,"recovered":true}}}
← {"type":"new_message","id":"1024","targetId":"1","offset":42,…,"data":"Hello Client 1!"}
→ {"type":"ack","offset":42}`;

interface Section {
  readonly title: string;
  readonly about: string;
  readonly direction: 'client' | 'relay';
  readonly messages: readonly (readonly [key: string, message: FrameMessage])[];
}

/** The documentation of the WebSocket for people. It has no script. */
export function createAsyncApiPage(document: AsyncApiDocument): string {
  const { operations } = document;
  const messages = Object.entries(document.components.messages);
  const isOfClient = ([key]: readonly [string, FrameMessage]) => operations[key]?.action === 'receive';
  const sections: readonly Section[] = [
    {
      title: 'From the client',
      about: 'Frames that a client sends. The first one is `identify`.',
      direction: 'client',
      messages: messages.filter(isOfClient),
    },
    {
      title: 'From the relay',
      about: 'Frames that the relay sends. A client ignores types that it does not know.',
      direction: 'relay',
      messages: messages.filter((entry) => !isOfClient(entry)),
    },
  ];
  const tables = new SchemaTables(document.components.schemas);
  const body = html`<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>Postline relay</h1>
<p>Version ${document.info.version}. For programs: <a href="asyncapi.json">asyncapi.json</a> (AsyncAPI 3.0).</p>
${MENU_LINK}
</header>
<nav id="menu" aria-label="Frames">
${sections.map(sectionLinks)}
<p><a href="#close-codes">Close codes</a></p>
<p><a href="#errors">Errors</a></p>
${MENU_CLOSE_LINK}
</nav>
<main id="content" tabindex="-1">
<p>${prose(document.info.description)} Connect to the relay on any path; pages use <code>/client.js</code>, the client library, instead of frames.</p>
<pre><code>${TALK}</code></pre>
${sections.map(
  ({ title, about, direction, messages: ofSection }) => html`<h2>${title}</h2>
<p>${prose(about)}</p>
${ofSection.map(([key, message]) => messageSection({ key, message, direction, operation: operations[key] }, tables))}`,
)}
${closeCodeSection(document)}
${errorSection()}
</main>`;
  return htmlPage({ title: 'Postline relay', base: '', body });
}

function sectionLinks({ title, direction, messages }: Section): Html {
  return html`<h2>${title}</h2>
<ul>
${messages.map(
  ([key, { name }]) =>
    html`<li><a href="#${key}">${arrow(direction)} <span class="path">${name}</span></a></li>
`,
)}</ul>
`;
}

/** Decoration: the heading of the section says the same in words. */
function arrow(direction: Section['direction']): Html {
  return html`<span class="method ${direction}" aria-hidden="true">${direction === 'client' ? '→' : '←'}</span>`;
}

interface MessageParts {
  readonly key: string;
  readonly message: FrameMessage;
  readonly direction: Section['direction'];
  readonly operation: FrameOperation | undefined;
}

function messageSection({ key, message, direction, operation }: MessageParts, tables: SchemaTables): Html {
  const { name, title, summary, payload, examples } = message;
  const fields = tables.fields(payload).filter((field) => field.name !== 'type');
  return html`<article class="operation" id="${key}" aria-labelledby="${key}-title">
<h3 id="${key}-title">${arrow(direction)} <code>${name}</code></h3>
<p class="summary">${title}. ${prose(summary)}</p>
${answersOf(operation)}
<pre><code>${examples.map((example) => JSON.stringify(example.payload)).join('\n')}</code></pre>
${fields.length === 0 ? '' : tables.table('Fields', fields)}
</article>
`;
}

function answersOf(operation: FrameOperation | undefined): Html | string {
  const answers = operation?.reply?.messages.map(({ $ref }) => $ref.replace(/^.*\//, '')) ?? [];
  if (answers.length === 0) return '';
  const links = answers.map(
    (answer, index) => html`${index === 0 ? '' : ' or '}<a href="#${answer}"><code>${answer}</code></a>`,
  );
  return answers[0] === 'error'
    ? html`<p>Answered only if it is wrong: ${links}.</p>`
    : html`<p>Answered by ${links}.</p>`;
}

function closeCodeSection({ channels }: AsyncApiDocument): Html {
  const rows = channels.socket['x-close-codes'].map(
    ({ code, reason, reconnect }) =>
      html`<tr><th scope="row"><code>${code}</code></th><td>${prose(reason)}</td><td>${reconnect ? 'yes' : 'no'}</td></tr>
`,
  );
  return html`<h2 id="close-codes">Close codes</h2>
<p>The range of a code says whether to reconnect, after a random wait. 4000 to 4499, 1001, 1005, 1006, 1011, 1012 and 1013: yes. 4500 to 4999, 1008 and 1009: no.</p>
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Reason</th><th scope="col">Reconnect</th></tr></thead>
<tbody>${rows}</tbody>
</table>
`;
}

function errorSection(): Html {
  const rows = Object.entries(FRAME_ERRORS).map(
    ([code, message]) => html`<tr><th scope="row"><code>${code}</code></th><td>${message}</td></tr>
`,
  );
  return html`<h2 id="errors">Errors</h2>
<p>The codes of <a href="#error"><code>error</code></a> frames.</p>
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Message</th></tr></thead>
<tbody>${rows}</tbody>
</table>
`;
}
