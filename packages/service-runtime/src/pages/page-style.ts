/** What every page of a service shares: where its parts may come from, its icon and its style. */

/** Allows files and requests of this server only, and neither script nor style in the page. */
export const DOCUMENTATION_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page's icon, the same as on the page of the relay. */
export const PAGE_ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="7" fill="#2244a8"/>
  <path d="M10 5v22" stroke="#fffdf8" stroke-width="2.5" stroke-linecap="round"/>
  <circle cx="10" cy="10" r="3.6" fill="#2244a8" stroke="#fffdf8" stroke-width="2.5"/>
  <circle cx="10" cy="21" r="4.4" fill="#fffdf8"/>
  <path d="M18 10h8M18 21h8" stroke="#fffdf8" stroke-width="2.5" stroke-linecap="round"/>
</svg>
`;

/** Colours as on the page of the relay: text has a contrast of at least 4.5 in both schemes. */
export const PAGE_STYLE = `:root {
  --desk: #f1eee6; --sheet: #fffdf8; --well: #f7f4ec; --ink: #1b2130; --ink-soft: #545b6c; --hairline: #ddd7c9;
  --edge: #857f70; --blue: #2244a8; --on-blue: #ffffff; --green: #17653d; --amber: #7d4a00; --red: #a8211a;
  --wash: #e8ecf8;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "Noto Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --desk: #10131a; --sheet: #191e29; --well: #141821; --ink: #ece9e1; --ink-soft: #a8afbf; --hairline: #2c3443;
    --edge: #737e93; --blue: #a3bbff; --on-blue: #10131a; --green: #83dcaa; --amber: #f2c069; --red: #ffa49a;
    --wash: #232d48;
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  display: grid; grid-template: auto 1fr / minmax(0, 1fr); gap: 0 2.5rem; max-width: 76rem; margin: 0 auto;
  padding: 1.5rem clamp(0.75rem, 3vw, 2rem) 4rem; background: var(--desk); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.75rem; letter-spacing: -0.02em; line-height: 1.2; }
h2 { margin: 2.75rem 0 0.25rem; font-size: 1.375rem; letter-spacing: -0.01em; }
h3 { margin: 0; font-size: 1.0625rem; line-height: 1.4; }
h4 { margin: 1.25rem 0 0.25rem; font-size: 0.9375rem; }
p { margin: 0.5rem 0; }
a { color: var(--blue); text-underline-offset: 0.15em; }
a:has(code) { text-underline-offset: 0.35em; }
code, pre, textarea, input { font-family: var(--mono); font-size: 0.875em; }
h3 code { font-size: 1em; }
pre {
  margin: 0.75rem 0; padding: 0.75rem 1rem; border: 1px solid var(--hairline); border-radius: 8px;
  background: var(--well); white-space: pre-wrap;
}
pre code { font-size: 0.8125rem; }
:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
header p, .summary, .access, .hint { color: var(--ink-soft); }
.hint { display: block; font-size: 0.875rem; }
.access { font-size: 0.9375rem; }
.menu-link { margin: 0.75rem 0 0; font-size: 1rem; }
.menu-link a {
  display: inline-block; padding: 0.375rem 0.75rem; border: 1px solid var(--edge); border-radius: 8px;
  color: var(--blue); font-weight: 600; text-decoration: none;
}
nav h2 { margin: 1.25rem 0 0.25rem; font-size: 0.875rem; letter-spacing: 0; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav p { font-size: 0.875rem; font-weight: 700; }
nav a { display: flex; gap: 0.5rem; padding: 0.25rem 0; color: var(--ink); text-decoration: none; }
nav a:hover .path, nav p a:hover { text-decoration: underline; }
nav .path { font: 0.8125rem/1.5 var(--mono); }
.method { color: var(--blue); font: 700 0.75rem/1.75 var(--mono); }
nav .method { flex: none; width: 3.5rem; }
nav .method.client, nav .method.relay { width: 1rem; }
.method.post { color: var(--green); }
.method.put { color: var(--amber); }
.method.delete { color: var(--red); }
.operation {
  margin: 1rem 0; padding: 1.25rem clamp(0.75rem, 2vw, 1.5rem); border: 1px solid var(--hairline); border-radius: 14px;
  background: var(--sheet);
}
.operation:target, tr:target { border-color: var(--blue); outline: 2px solid var(--blue); }
table { width: 100%; margin: 1rem 0 0; border-collapse: collapse; font-size: 0.9375rem; }
caption { padding-bottom: 0.25rem; font-weight: 650; text-align: start; }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; border-top: 1px solid var(--hairline); text-align: start; vertical-align: top; }
thead th { border: 0; color: var(--ink-soft); font-size: 0.8125rem; font-weight: 500; }
tbody th { font-weight: 400; }
.operation th:first-child { width: 32%; }
.operation td:nth-child(2) { width: 24%; }
.required { color: var(--amber); font-size: 0.8125rem; }
dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.25rem 1rem; margin: 0; font-size: 0.9375rem; }
dt { font: 700 0.8125rem/1.75 var(--mono); }
dd { margin: 0; }
summary { cursor: pointer; padding: 0.25rem 0; color: var(--blue); }
.try { margin-top: 1rem; padding-top: 0.5rem; border-top: 1px solid var(--hairline); }
.try > summary { font-weight: 650; }
label { display: block; font-size: 0.875rem; font-weight: 600; }
input, textarea {
  display: block; width: 100%; padding: 0.5rem 0.625rem; border: 1px solid var(--edge); border-radius: 8px;
  background: var(--sheet); color: var(--ink); font-size: 0.9375rem;
}
#credential { max-width: 32rem; }
textarea { resize: vertical; }
button {
  min-height: 2.5rem; padding: 0.25rem 1rem; border: 0; border-radius: 8px; background: var(--blue); color: var(--on-blue);
  font-family: inherit; font-size: 1rem; font-weight: 600; cursor: pointer;
}
button:disabled { opacity: 0.6; }
.outcome { min-height: 1.5rem; font-weight: 650; }
@media (max-width: 59.99rem) {
  nav:not(:target) { display: none; }
}
@media (min-width: 60rem) {
  .menu-link { display: none; }
  body { grid-template-columns: 17rem minmax(0, 1fr); }
  header { grid-column: 1 / -1; }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; padding-bottom: 2rem; overflow-y: auto; }
  main > p:first-child { margin-top: 1.25rem; }
}
@media (max-width: 40rem) {
  thead { position: absolute; left: -100vw; }
  tr { display: block; padding: 0.5rem 0; border-top: 1px solid var(--hairline); }
  th, td, .operation th:first-child, .operation td:nth-child(2) { display: block; width: auto; padding: 0; border: 0; }
}
`;
