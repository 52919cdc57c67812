using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Protocol.Trust;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.Trust;

/// <summary>The only call without a client certificate, called by those who should not.</summary>
public class HostileEnrolmentTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_that_cannot_be_signed_are_refused_and_do_not_spend_the_token()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        using var agent = new TestEnroller();
        using var wrongCurve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var broken = TestEnroller.Request(agent.Key, token.Host.Uri);
        broken[^1] ^= 1;
        var uri = token.Host.Uri;
        byte[][] requests =
        [
            [],
            "garbage"u8.ToArray(),
            RandomNumberGenerator.GetBytes(4000),
            broken,
            [.. TestEnroller.Request(agent.Key, uri), 0],
            TestEnroller.Request(agent.Key),
            TestEnroller.Request(agent.Key, token.Host.Uri + "-other"),
            TestEnroller.Request(agent.Key, uri, TrustIdentity.Operator(token.Cluster)),
            TestEnroller.Request(agent.Key, TrustIdentity.Operator(token.Cluster)),
            TestEnroller.Request(wrongCurve, uri),
        ];

        foreach (var request in requests)
            Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => agent.EnrolAsync(token, Cancel, request: request))).StatusCode);

        Assert.NotEmpty((await agent.EnrolAsync(token, Cancel)).CertificatePem);
    }

    [Fact]
    public async Task Wrong_secrets_unknown_hosts_and_huge_messages_are_refused_alike()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        using var agent = new TestEnroller();
        var stranger = new EnrolmentToken { Endpoint = token.Endpoint, Cluster = token.Cluster, Namespace = token.Namespace, Name = "nobody", Secret = token.Secret, Authority = token.Authority, Expires = token.Expires };

        var wrong = await Assert.ThrowsAsync<RpcException>(() => agent.EnrolAsync(token, Cancel, secret: new byte[32]));
        var unknown = await Assert.ThrowsAsync<RpcException>(() => agent.EnrolAsync(stranger, Cancel));
        var huge = await Assert.ThrowsAsync<RpcException>(() => agent.EnrolAsync(token, Cancel, request: new byte[10 << 20]));

        Assert.Equal((StatusCode.Unauthenticated, wrong.Status.Detail), (unknown.StatusCode, unknown.Status.Detail));
        Assert.NotEqual(StatusCode.OK, huge.StatusCode);
        Assert.NotEmpty((await agent.EnrolAsync(token, Cancel)).CertificatePem);
    }

    [Fact]
    public async Task A_flood_is_bounded_and_an_honest_host_gets_through_afterwards()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        using var agent = new TestEnroller();
        await agent.EnrolAsync(token, Cancel);
        using var flood = new TestEnroller();
        var client = flood.Enrolment(bed.Enrolment);
        var before = Stopwatch.GetTimestamp();

        var codes = await Task.WhenAll(Enumerable.Range(0, 500).Select(async _ =>
        {
            try
            {
                await client.EnrolAsync(new() { Namespace = token.Namespace, Name = token.Name, Secret = ByteString.CopyFrom(new byte[32]) }, cancellationToken: Cancel);
                return StatusCode.OK;
            }
            catch (RpcException error)
            {
                return error.StatusCode;
            }
        }));

        var allowed = codes.Count(code => code != StatusCode.ResourceExhausted);
        Assert.DoesNotContain(StatusCode.OK, codes);
        Assert.InRange(allowed, 1, 25 + (int)(6 * Stopwatch.GetElapsedTime(before).TotalSeconds));
        await Eventually.HoldsAsync(async () => await TriedAsync(agent, token), Cancel);
    }

    [Fact]
    public async Task Silent_connections_are_dropped_and_do_not_keep_others_out_for_long()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        using var agent = new TestEnroller();
        var silent = new List<TcpClient>();
        for (var i = 0; i < 100; i++)
        {
            silent.Add(new TcpClient());
            await silent[^1].ConnectAsync(bed.Enrolment.Host, bed.Enrolment.Port, Cancel);
        }

        await Eventually.HoldsAsync(async () => await TriedAsync(agent, token), Cancel);

        await Eventually.HoldsAsync(() => silent.All(IsClosed), Cancel);
        silent.ForEach(connection => connection.Dispose());
    }

    private static bool IsClosed(TcpClient connection)
    {
        try
        {
            return connection.Client.Poll(0, SelectMode.SelectRead) && connection.Client.Receive(new byte[1], SocketFlags.None) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static async Task<bool> TriedAsync(TestEnroller agent, EnrolmentToken token)
    {
        try
        {
            return (await agent.EnrolAsync(token, Cancel)).CertificatePem.Length > 0;
        }
        catch (RpcException)
        {
            return false;
        }
    }
}
