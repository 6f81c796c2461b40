/** A script's URL as a page with Trusted Types wants it. Only URLs of Charloom's own files come here. */
interface Policy {
  createScriptURL(url: string): unknown;
}
interface Factory {
  createPolicy(name: string, rules: Policy): Policy;
}

let policy: Policy | null | undefined;

export function trustedUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: Factory };
  if (!trustedTypes) return url;
  if (policy === undefined) {
    try {
      policy = trustedTypes.createPolicy('charloom', { createScriptURL: (own) => own });
    } catch {
      // The page does not allow this policy, or allows no second one of its name: it may not ask for one either.
      policy = null;
    }
  }
  return (policy ? policy.createScriptURL(url) : url) as string;
}
