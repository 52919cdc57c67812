using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Operator.Trust;
using RecoveryOperator.Protocol.Trust;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.Trust;

/// <summary>The real operator against a real API server: who gets a certificate, and who does not.</summary>
public class EnrolmentTests(Cluster cluster)
{
    private const string AskAgain = "{\"metadata\":{\"annotations\":{\"" + ApiConstants.EnrolAgainAnnotation + "\":\"1\"}}}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_gives_one_key_a_certificate_for_its_host_and_is_taken_away()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        await bed.ConditionAsync("a", ConditionTypes.Enrolled, "WaitingForAgent", Cancel);
        using var agent = new TestEnroller();

        var issued = await agent.EnrolAsync(token, Cancel);

        using var certificate = agent.WithKey(issued);
        Assert.Equal(["recovery-operator://cluster-1/hosts/" + bed.Namespace + "/a"], SubjectUris.Of(certificate));
        Assert.Null(CertificateTrust.Problem(certificate, Pem(issued.AuthoritiesPem), CertificateTrust.ServerAuthentication, token.Host.Uri));
        Assert.Contains(Pem(issued.AuthoritiesPem), authority => CertificateTrust.Fingerprint(authority) == token.Authority);
        await Eventually.HoldsAsync(() => bed.IsGoneAsync("a-enrolment", Cancel), Cancel);
        await bed.ConditionAsync("a", ConditionTypes.Enrolled, "Enrolled", Cancel);
        var owner = Assert.Single((await bed.Client.GetAsync<V1Secret>(bed.Key("a-trust"), Cancel))!.Metadata.OwnerReferences);
        Assert.Equal(RecoveryHost.KindName, owner.Kind);
    }

    [Fact]
    public async Task The_same_key_gets_the_same_certificate_again_and_another_key_none()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        using var agent = new TestEnroller();
        using var thief = new TestEnroller();

        var first = await agent.EnrolAsync(token, Cancel);
        var second = await agent.EnrolAsync(token, Cancel);
        var refused = await Assert.ThrowsAsync<RpcException>(() => thief.EnrolAsync(token, Cancel));

        Assert.Equal(first.CertificatePem, second.CertificatePem);
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        await bed.StopAsync();
        await bed.StartAsync(Cancel);
        await Eventually.HoldsAsync(async () => await AnswerAsync(agent, token) == first.CertificatePem, Cancel);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => thief.EnrolAsync(token, Cancel))).StatusCode);
    }

    [Fact]
    public async Task Of_many_keys_that_race_for_a_token_one_wins()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        var racers = Enumerable.Range(0, 8).Select(_ => new TestEnroller()).ToList();

        var answers = await Task.WhenAll(racers.Select(racer => AnswerAsync(racer, token)));

        Assert.Single(answers.OfType<string>().Distinct());
        racers.ForEach(racer => racer.Dispose());
    }

    [Fact]
    public async Task An_expired_token_is_refused_and_another_one_made()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel, trust => trust with { TokenLifetime = TimeSpan.FromSeconds(2) });
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        await bed.TokenAsync("a", Cancel, former: token);
        using var agent = new TestEnroller();

        var refused = await Assert.ThrowsAsync<RpcException>(() => agent.EnrolAsync(token, Cancel));

        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Fact]
    public async Task Asking_for_another_enrolment_revokes_what_was_issued()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        using var agent = new TestEnroller();
        using var present = agent.WithKey(await agent.EnrolAsync(token, Cancel));
        Assert.True(Accepts(bed, "a", present));

        await bed.Client.MergePatchAsync<RecoveryHost>(bed.Key("a"), AskAgain, null, Cancel);
        var next = await bed.TokenAsync("a", Cancel, former: token);

        Assert.False(Accepts(bed, "a", present));
        await Assert.ThrowsAsync<RpcException>(() => agent.RenewAsync(bed.Renewal, present, token, agent.Key, Cancel));
        using var again = new TestEnroller();
        using var renewed = again.WithKey(await again.EnrolAsync(next, Cancel));
        Assert.True(Accepts(bed, "a", renewed));
    }

    [Fact]
    public async Task A_deleted_host_is_revoked_for_good_also_when_the_name_comes_back()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        using var agent = new TestEnroller();
        using var present = agent.WithKey(await agent.EnrolAsync(token, Cancel));
        await Eventually.HoldsAsync(async () => (await bed.Client.GetAsync<RecoveryHost>(bed.Key("a"), Cancel))?.Metadata.Finalizers?.Count > 0, Cancel);

        await bed.Client.DeleteAsync<RecoveryHost>(bed.Key("a"), Cancel);
        await Eventually.HoldsAsync(async () => await bed.Client.GetAsync<RecoveryHost>(bed.Key("a"), Cancel) is null, Cancel);

        Assert.False(Accepts(bed, "a", present));
        Assert.True(await bed.IsGoneAsync("a-trust", Cancel) && await bed.IsGoneAsync("a-enrolment", Cancel));
        await Assert.ThrowsAsync<RpcException>(() => agent.RenewAsync(bed.Renewal, present, token, agent.Key, Cancel));
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        await bed.TokenAsync("a", Cancel, former: token);
        Assert.False(Accepts(bed, "a", present));
        await Assert.ThrowsAsync<RpcException>(() => agent.RenewAsync(bed.Renewal, present, token, agent.Key, Cancel));
        await bed.StopAsync();
        await bed.StartAsync(Cancel);
        await bed.Service<TrustState>().WaitAsync(Cancel);
        Assert.False(Accepts(bed, "a", present));
    }

    [Fact]
    public async Task A_certificate_is_renewed_by_its_holder_alone()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        await bed.AddHostAsync("b", "https://127.0.0.1:2", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        var other = await bed.TokenAsync("b", Cancel);
        using var agent = new TestEnroller();
        using var present = agent.WithKey(await agent.EnrolAsync(token, Cancel));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        using var renewed = agent.WithKey(await agent.RenewAsync(bed.Renewal, present, token, key, Cancel), key);

        Assert.Equal(SubjectUris.Of(present), SubjectUris.Of(renewed));
        Assert.NotEqual(present.SerialNumber, renewed.SerialNumber);
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => agent.RenewAsync(bed.Renewal, present, other, key, Cancel))).StatusCode);
        await Assert.ThrowsAsync<RpcException>(() => agent.RenewAsync(bed.Renewal, null, token, key, Cancel));
        using var own = bed.Service<TrustState>().OwnCertificate();
        await Assert.ThrowsAsync<RpcException>(() => agent.RenewAsync(bed.Renewal, own, token, key, Cancel));
        Assert.False(Accepts(bed, "b", present));
    }

    private static bool Accepts(EnrolmentBed bed, string host, X509Certificate2 certificate) =>
        ((EnrolledCredentials)bed.Service<EnrolledHosts>().CredentialsOf(bed.Key(host))).Accepts(certificate);

    private static async Task<string?> AnswerAsync(TestEnroller agent, EnrolmentToken token)
    {
        try
        {
            return (await agent.EnrolAsync(token, Cancel)).CertificatePem;
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unauthenticated or StatusCode.Unavailable)
        {
            return null;
        }
    }

    private static X509Certificate2Collection Pem(string text)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(text);
        return all;
    }
}
