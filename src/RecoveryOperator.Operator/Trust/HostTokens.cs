using System.Security.Cryptography;
using System.Text;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Protocol.Trust;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Trust;

/// <summary>Keeps a host's record and its token's Secret as they should be: a good token while the host is not enrolled, none afterwards.</summary>
internal sealed partial class HostTokens(
    ResourceClient client, HostRecords records, RevocationList revocations, TrustState state, OperatorOptions options, TimeProvider timeProvider, ILogger<HostTokens> logger)
{
    private const string TokenKey = "token";
    private const string Suffix = "enrolment";

    /// <summary>Does what is due.</summary>
    /// <param name="host">The host, which enrols.</param>
    /// <param name="connected">Its agent answers with a certificate that is trusted.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The condition <c>Enrolled</c>, and whether what was issued before has just been revoked.</returns>
    public async Task<(ConditionFact Enrolled, bool Revoked)> ReconcileAsync(RecoveryHost host, bool connected, CancellationToken cancellationToken)
    {
        if (state.Authority is not { } authority)
            return (new(ConditionTypes.Enrolled, null, "AuthorityMissing", state.Problem ?? "The operator's authority has not been read yet."), false);
        var stored = await records.ReadAsync(host, cancellationToken);
        var revoked = false;
        var again = host.Metadata.Annotations is { } annotations && annotations.TryGetValue(ApiConstants.EnrolAgainAnnotation, out var value) ? value : null;
        var record = stored.Record ?? new HostRecord { EnrolAgain = again };
        if (again is not null && again != record.EnrolAgain)
        {
            // The list first: should the process die in between, the next visit does the same again.
            await revocations.AddAsync(NamespacedName.Of(host), record.Living(timeProvider.GetUtcNow()), cancellationToken);
            LogRevoked(NamespacedName.Of(host).ToString(), record.Certificates.Count);
            stored = await records.WriteAsync(host, stored, new HostRecord { EnrolAgain = again }, cancellationToken);
            (record, revoked) = (stored.Record!, true);
        }

        if (record.Newest(timeProvider.GetUtcNow()) is { } newest)
        {
            await RemoveAsync(host, cancellationToken);
            return (new(ConditionTypes.Enrolled, true, "Enrolled", $"Key {newest.KeySha256[..16]} has a certificate that is good until {newest.NotAfter:u}; the agent renews it by itself."), revoked);
        }

        if (connected && !revoked)
            return (new(ConditionTypes.Enrolled, true, "Trusted", "The agent has a certificate of this authority that was issued before this RecoveryHost was made."), false);
        var expires = await EnsureAsync(host, authority, stored, record, cancellationToken);
        return (new(
            ConditionTypes.Enrolled,
            false,
            "WaitingForAgent",
            $"Bring the token in Secret {HostRecords.NameOf(host, Suffix)} (key {TokenKey}, good until {expires:u}) to the host and run: recovery-agent enroll --token-file FILE."), revoked);
    }

    /// <summary>A host goes: from now on no replica signs for it, and what was signed is revoked. Closing first makes the list complete.</summary>
    public async Task CloseAsync(RecoveryHost host, CancellationToken cancellationToken)
    {
        var stored = await records.ReadAsync(host, cancellationToken);
        if (stored.Record is not { } record)
            return;
        if (!record.Closed)
            await records.WriteAsync(host, stored, record with { Closed = true, TokenSha256 = "" }, cancellationToken);
        await revocations.AddAsync(NamespacedName.Of(host), record.Living(timeProvider.GetUtcNow()), cancellationToken);
        await RemoveAsync(host, cancellationToken);
    }

    /// <summary>Takes the record away, once everything in it is revoked.</summary>
    public async Task ForgetAsync(RecoveryHost host, CancellationToken cancellationToken)
    {
        if ((await records.ReadAsync(host, cancellationToken)).Record is { Closed: true })
            await client.DeleteAsync<V1Secret>(HostRecords.NameOf(host, "trust"), cancellationToken);
    }

    /// <summary>Takes the token away.</summary>
    public async Task RemoveAsync(RecoveryHost host, CancellationToken cancellationToken)
    {
        var name = HostRecords.NameOf(host, Suffix);
        if (await client.GetAsync<V1Secret>(name, cancellationToken) is { } secret && HostRecords.IsOwned(secret, host))
            await client.DeleteAsync<V1Secret>(name, cancellationToken);
    }

    /// <summary>Record first, then the Secret: should the process die in between, they do not fit, and both are made anew.</summary>
    private async Task<DateTimeOffset> EnsureAsync(
        RecoveryHost host, Authority authority, StoredRecord stored, HostRecord record, CancellationToken cancellationToken)
    {
        var standing = await client.GetAsync<V1Secret>(HostRecords.NameOf(host, Suffix), cancellationToken);
        var owned = standing is not null && HostRecords.IsOwned(standing, host);
        if (standing is not null && !owned && !HostRecords.IsFormer(standing, host))
            throw new ForeignSecretException(HostRecords.NameOf(host, Suffix));
        if (standing is not null && owned && IsGood(standing, record, authority))
            return record.TokenExpires;
        var token = new EnrolmentToken
        {
            Endpoint = new(options.Trust.EnrolmentEndpoint),
            Cluster = options.ClusterName,
            Namespace = host.Metadata.NamespaceProperty,
            Name = host.Metadata.Name,
            Secret = RandomNumberGenerator.GetBytes(EnrolmentToken.SecretBytes),
            Authority = authority.Fingerprint,
            Expires = timeProvider.GetUtcNow() + Lifetime(host),
        };
        await records.WriteAsync(host, stored, record with { TokenSha256 = token.SecretSha256, TokenExpires = token.Expires, SpentKeySha256 = null }, cancellationToken);
        var secret = standing ?? HostRecords.Owned(host, Suffix);
        secret.Metadata.OwnerReferences = HostRecords.OwnersOf(host);
        secret.Data = new Dictionary<string, byte[]> { [TokenKey] = Encoding.UTF8.GetBytes(token.Encode()) };
        if (standing is null)
            await client.CreateAsync(secret, cancellationToken);
        else
            await client.ReplaceAsync(secret, cancellationToken);
        LogMade(NamespacedName.Of(host).ToString(), HostRecords.NameOf(host, Suffix).ToString(), token.Expires);
        return token.Expires;
    }

    private TimeSpan Lifetime(RecoveryHost host) =>
        GoDuration.TryParse(host.Spec.Enrolment?.TokenLifetime, out var asked) && asked >= TimeSpan.FromMinutes(1) && asked <= TimeSpan.FromDays(30)
            ? asked
            : options.Trust.TokenLifetime;

    private bool IsGood(V1Secret secret, HostRecord record, Authority authority)
    {
        if (record.SpentKeySha256 is not null || record.TokenExpires <= timeProvider.GetUtcNow() || secret.Data is not { } data || !data.TryGetValue(TokenKey, out var bytes))
            return false;
        try
        {
            var token = EnrolmentToken.Decode(Encoding.UTF8.GetString(bytes));
            return token.SecretSha256 == record.TokenSha256 && token.Authority == authority.Fingerprint && token.Endpoint == new Uri(options.Trust.EnrolmentEndpoint);
        }
        catch (FormatException error)
        {
            LogDamaged(NamespacedName.Of(secret).ToString(), error);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "RecoveryHost {recoveryHost} has a new enrolment token in Secret {secret}, good until {expires:O}")]
    private partial void LogMade(string recoveryHost, string secret, DateTimeOffset expires);

    [LoggerMessage(LogLevel.Warning, "RecoveryHost {recoveryHost} is to be enrolled again: {certificates} certificates were revoked")]
    private partial void LogRevoked(string recoveryHost, int certificates);

    [LoggerMessage(LogLevel.Warning, "Secret {secret} holds no token that can be read; it is made anew")]
    private partial void LogDamaged(string secret, Exception error);
}
