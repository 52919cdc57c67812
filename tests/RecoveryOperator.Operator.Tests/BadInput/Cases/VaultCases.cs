using static RecoveryOperator.Operator.Tests.BadInput.BadManifest;

namespace RecoveryOperator.Operator.Tests.BadInput.Cases;

internal static class VaultCases
{
    private const string Vault = "RecoveryVault";

    public static IReadOnlyList<BadManifest> All { get; } =
    [
        Schema(Vault, """{"endpoint":null}""", "endpoint", "required"),
        Schema(Vault, """{"endpoint":"ftp://account.example"}""", "spec.endpoint", "https?"),
        Schema(Vault, """{"endpoint":"https://account.blob.core.windows.net/Con Tainer"}""", "spec.endpoint", "should match"),
        Schema(Vault, """{"credentials":null}""", "credentials", "required"),
        Schema(Vault, """{"credentials":{"accountName":"My-Account"}}""", "spec.credentials.accountName", "{3,24}"),
        Schema(Vault, """{"credentials":{"accountKeySecretRef":{"key":null}}}""", "key", "required"),
        Schema(Vault, """{"credentials":{"accountKeySecretRef":{"key":""}}}""", "spec.credentials.accountKeySecretRef.key"),
        Schema(Vault, """{"prefix":"Prod_1"}""", "spec.prefix", "should match"),
        Schema(Vault, """{"prefix":""}""", "spec.prefix"),
        Schema(Vault, """{"agentAddress":"localhost:7443"}""", "spec.agentAddress", "^https://"),
        Schema(Vault, """{"encryption":{}}""", "keySecretRef", "required"),
        Rule(Vault, """{"credentials":{"workloadIdentity":{}}}""", "give exactly one of accountKeySecretRef and workloadIdentity", "Reachable", "needs exactly one of", "Correct it"),
        Rule(Vault, """{"credentials":{"accountKeySecretRef":null}}""", "give exactly one of accountKeySecretRef and workloadIdentity", "Reachable", "needs exactly one of", "Correct it"),
        Rule(Vault, """{"prefix":"other"}""", "cannot be changed; delete this object and create another") with { First = "{}" },
        Rule(Vault, """{"encryption":null}""", "encryption cannot be removed") with { First = """{"encryption":{"keySecretRef":{"name":"vault-key","key":"key"}}}""" },
        Accepted(Vault, "{}", "Reachable", "127.0.0.1:9"),
        Accepted(Vault, """{"credentials":{"accountKeySecretRef":{"name":"missing"}}}""", "Reachable", "missing does not exist", "Create it with the account's key under 'key'"),
        Accepted(Vault, """{"credentials":{"accountKeySecretRef":{"key":"other"}}}""", "Reachable", "has no key 'other'", "Put the account's key there"),
        Accepted(Vault, """{"credentials":{"accountKeySecretRef":{"name":"agent-tls","key":"tls.crt"}}}""", "Reachable", "base64"),
        Accepted(Vault, """{"agentAddress":"https://localhost:99999"}""", "AgentConnected", "is not https://host:port", "Correct it"),
        Accepted(Vault, """{"encryption":{"keySecretRef":{"name":"missing","key":"key"}}}""", "EncryptionReady", "missing (spec.encryption.keySecretRef) does not exist", "Restore it"),
        Accepted(Vault, """{"encryption":{"keySecretRef":{"name":"short-key","key":"key"}}}""", "EncryptionReady", "32 bytes"),
    ];
}
