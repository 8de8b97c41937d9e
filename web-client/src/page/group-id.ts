const PREFIX = 'group:';
const NAME_CHARACTERS_MAX = 122;
/** Browsers resolve these in the path of a request, also percent-encoded. */
const UNREACHABLE_NAMES: readonly string[] = ['.', '..'];
const NAME_PATTERN = new RegExp(`^[A-Za-z0-9._~:@|+-]{1,${NAME_CHARACTERS_MAX}}$`);

export function groupIdOf(name: string): string {
  return PREFIX + name;
}

/** The name of a group, or `undefined` for a client id. */
export function groupNameOf(targetId: string): string | undefined {
  return targetId.startsWith(PREFIX) ? targetId.slice(PREFIX.length) : undefined;
}

/** Validates a typed name, with or without `group:`. Returns the name, or a problem in words. */
export function readGroupName(typed: string): { readonly name: string } | { readonly problem: string } {
  const name = groupNameOf(typed) ?? typed;
  if (name === '') return { problem: 'Type the name of a group first, for example news.' };
  if (UNREACHABLE_NAMES.includes(name))
    return { problem: `A browser cannot send the name ${name} to the API. Choose another one.` };
  return NAME_PATTERN.test(name)
    ? { name }
    : {
        problem: `A group's name has 1 to ${NAME_CHARACTERS_MAX} of the characters A-Z a-z 0-9 . _ ~ : @ | + -`,
      };
}
