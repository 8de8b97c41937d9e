import {
  type ClientState,
  explainClose,
  type Message,
  PostlineClient,
  type PostlineClientOptions,
  type PostlineError,
} from '@postline/client';
import { addExamples, CommandFailure, createCommand, integerFrom } from '@postline/operator-commands';
import { clientIdSchema, logPageSchema, type NewMessageFrame } from '@postline/protocol';
import { type Command, Option } from 'commander';
import { ApiClient } from '../api/api-client.ts';
import { apiConnection, relayUrl, optionFailure } from '../connection-options.ts';
import { MESSAGE_COLUMNS } from '../message-columns.ts';
import { Output } from '../output/output.ts';

interface ListenOptions {
  readonly fromStart?: true;
  readonly after?: number;
  readonly groups?: true;
  readonly token?: string;
  readonly json?: true;
}

/** `listen <clientId>`: prints messages as they arrive. */
export function createListenCommand(): Command {
  const command = createCommand('listen')
    .description(
      'Prints messages of a client as they arrive, until Ctrl-C. It reconnects by itself, and acknowledges nothing.',
    )
    .argument('<clientId>', 'the client')
    .option('--from-start', 'begin with everything that is kept')
    .addOption(
      new Option('--after <offset>', 'begin after this offset of the client; asks the API for the epoch')
        .argParser(integerFrom(0, Number.MAX_SAFE_INTEGER))
        .conflicts('fromStart'),
    )
    .option('--groups', 'the messages of its groups too')
    .option('--token <token>', 'the token, in place of POSTLINE_TOKEN')
    .option('--json', 'print the new_message frames, a line each, also on a terminal')
    .action(listen);
  addExamples(command, 'postline listen 1 --from-start', 'postline listen anna --groups | jq -r .data');
  return command;
}

async function listen(clientId: string, options: ListenOptions): Promise<void> {
  const id = clientIdSchema.safeParse(clientId);
  if (!id.success) {
    const fault = id.error.issues[0]?.message ?? 'is not valid';
    throw new CommandFailure(`clientId: ${fault}`, { code: 'validation_failed' });
  }
  const output = new Output(options);
  const connection = apiConnection({}, process.env);
  const token = options.token ?? connection.token;
  const client = createClient({
    url: relayUrl(process.env),
    clientId,
    acks: false,
    autoConnect: false,
    groups: options.groups === true,
    ...(token !== undefined && { token }),
    ...(await startOf(clientId, options, new ApiClient({ ...connection, token }))),
  });
  const ended = new Promise<PostlineError | undefined>((resolve) => {
    client.on('state', (state) => {
      if (state.state === 'closed') resolve(state.error);
    });
  });
  reportStates(client, output, clientId);
  client.on('message', (message) => output.print([frameOf(message)], MESSAGE_COLUMNS));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void client.close());
  client.connect();
  const error = await ended;
  if (error !== undefined) throw closedFailure(error);
}

function createClient(options: PostlineClientOptions): PostlineClient {
  try {
    return new PostlineClient(options);
  } catch (error) {
    throw optionFailure(error);
  }
}

/** Where to begin. Without a start it prints only new messages. */
async function startOf(clientId: string, options: ListenOptions, api: ApiClient) {
  if (options.fromStart === true) return { resume: 'start' } as const;
  if (options.after === undefined) return {};
  const path = `/targets/${encodeURIComponent(clientId)}/messages`;
  const { epoch } = await api.request({ path, query: { after: options.after, limit: 1 } }, logPageSchema);
  return { resume: { epoch, offsets: { [clientId]: options.after } } };
}

/** The frame as the relay sent it. */
function frameOf({ id, targetId, offset, epoch, data, createdAt }: Message): NewMessageFrame {
  return { type: 'new_message', id, targetId, offset, epoch, data, createdAt };
}

/** Writes notes to standard error: the first connection only on a terminal, each outage and its end always. */
function reportStates(client: PostlineClient, output: Output, clientId: string): void {
  let isAway = false;
  client.on('state', (state: ClientState) => {
    if (state.state === 'waiting' && !isAway) {
      isAway = true;
      output.note(`not connected: ${reasonOf(state.error)}; trying again`);
    } else if (state.state === 'live' || state.state === 'catching-up') {
      if (isAway) output.note('connected again');
      else if (output.isForPeople && state.state === 'live')
        output.note(`connected as ${clientId}; Ctrl-C ends it`);
      isAway = false;
    }
  });
  client.on('truncated', ({ targetId, from, to }) =>
    output.note(`messages ${from} to ${to} of ${targetId} were deleted, or are not for this client`),
  );
  client.on('restarted', ({ targetId, offset }) =>
    output.note(`the log of ${targetId} was restarted: messages after ${offset} may arrive again`),
  );
  client.on('error', (error) => {
    // An error without a target is followed by the end of the connection, which is reported separately.
    if (error.code === 'relay_error' && error.targetId !== undefined)
      output.note(`${error.relayCode ?? error.code}: ${error.message}`);
  });
}

function reasonOf({ closeCode, message }: PostlineError): string {
  return closeCode === undefined ? message : explainClose(closeCode);
}

function closedFailure(error: PostlineError): CommandFailure {
  const code = error.relayCode ?? error.code;
  return new CommandFailure(reasonOf(error), { code, cause: error });
}
