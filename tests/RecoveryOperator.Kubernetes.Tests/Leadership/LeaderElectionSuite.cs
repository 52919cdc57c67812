using k8s.Models;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Clients;
using RecoveryOperator.Kubernetes.Leadership;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Tests.Servers;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Leadership;

public abstract class LeaderElectionSuite(ITestApiServer server) : ClusterSuite(server)
{
    [Fact]
    public async Task A_leader_that_cannot_renew_cancels_all_work_and_ends_the_process()
    {
        var terminator = new RecordingTerminator();
        var leader = await StartAsync(Cluster.DisturbedApi, Cluster.DisturbedClient, Short("one"), terminator);
        await leader.WaitAsync(Token);
        Assert.True(leader.IsLeader);
        Assert.False(leader.Lost.IsCancellationRequested);
        terminator.AtTermination = () => (leader.IsLeader, leader.Lost.IsCancellationRequested);
        Cluster.Faults.BreakDown();
        await Eventually.HoldsAsync(() => terminator.Terminations == 1, Token);
        Assert.Equal((false, true), terminator.Seen);
    }

    [Fact]
    public async Task A_leader_rides_out_an_outage_shorter_than_its_deadline()
    {
        var patient = Short("one") with { LeaseDuration = TimeSpan.FromSeconds(60), RenewDeadline = TimeSpan.FromSeconds(40) };
        var leader = await StartAsync(Cluster.DisturbedApi, Cluster.DisturbedClient, patient, new RecordingTerminator());
        await leader.WaitAsync(Token);
        Cluster.Faults.BreakDown();
        var refused = Cluster.Faults.Requests + 4;
        await Eventually.HoldsAsync(() => Cluster.Faults.Requests >= refused, Token);
        var before = await RenewTimeAsync(patient);
        Cluster.Faults.Recover();
        await Eventually.HoldsAsync(async () => await RenewTimeAsync(patient) > before, Token);
        Assert.True(leader.IsLeader);
        Assert.False(leader.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Another_takes_over_from_a_leader_that_was_cut_off_and_never_beside_it()
    {
        var first = await StartAsync(Cluster.DisturbedApi, Cluster.DisturbedClient, Short("one"), new RecordingTerminator());
        await first.WaitAsync(Token);
        var second = await StartAsync(Cluster.Api, Cluster.Client, Short("two"), new RecordingTerminator());
        Assert.False(second.IsLeader);
        Cluster.Faults.BreakDown();
        await second.WaitAsync(Token).WaitAsync(Eventually.Deadline, Token);
        Assert.True(first.Lost.IsCancellationRequested);
        Assert.False(first.IsLeader);
    }

    [Fact]
    public async Task A_lease_given_back_at_shutdown_is_taken_long_before_it_would_expire()
    {
        var longLease = new LeadershipOptions
        {
            Namespace = Cluster.Namespace,
            LeaseDuration = TimeSpan.FromSeconds(120),
            RenewDeadline = TimeSpan.FromSeconds(60),
            RetryPeriod = TimeSpan.FromMilliseconds(100),
        };
        var first = await StartAsync(Cluster.Api, Cluster.Client, longLease with { Identity = "one" }, new RecordingTerminator());
        await first.WaitAsync(Token);
        var second = await StartAsync(Cluster.Api, Cluster.Client, longLease with { Identity = "two" }, new RecordingTerminator());
        await first.StopAsync(Token);
        Assert.False(first.IsLeader);
        Assert.False(first.Lost.IsCancellationRequested);
        await second.WaitAsync(Token).WaitAsync(Eventually.Deadline, Token);
        Assert.Equal("two", (await Cluster.Client.GetAsync<V1Lease>(Cluster.Key(longLease.Name), Token))!.Spec.HolderIdentity);
    }

    [Fact]
    public async Task A_candidate_that_finds_no_server_goes_on_campaigning()
    {
        Cluster.Faults.BreakDown();
        var terminator = new RecordingTerminator();
        var candidate = await StartAsync(Cluster.DisturbedApi, Cluster.DisturbedClient, Short("one"), terminator);
        await Eventually.HoldsAsync(() => Cluster.Faults.Requests >= 2, Token);
        Assert.False(candidate.IsLeader);
        Cluster.Faults.Recover();
        await candidate.WaitAsync(Token).WaitAsync(Eventually.Deadline, Token);
        Assert.Equal(0, terminator.Terminations);
    }

    [Fact]
    public async Task Without_election_a_process_leads_at_once_and_writes_no_lease()
    {
        var single = await StartAsync(Cluster.Api, Cluster.Client, Short("one") with { Enabled = false }, new RecordingTerminator());
        await single.WaitAsync(Token);
        Assert.True(single.IsLeader);
        Assert.Null(await Cluster.Client.GetAsync<V1Lease>(Cluster.Key(Short("one").Name), Token));
    }

    private async Task<DateTime?> RenewTimeAsync(LeadershipOptions options) =>
        (await Cluster.Client.GetAsync<V1Lease>(Cluster.Key(options.Name), Token))!.Spec.RenewTime;

    private LeadershipOptions Short(string identity) => new()
    {
        Namespace = Cluster.Namespace,
        Identity = identity,
        LeaseDuration = TimeSpan.FromSeconds(4),
        RenewDeadline = TimeSpan.FromSeconds(2),
        RetryPeriod = TimeSpan.FromMilliseconds(200),
        TerminationGrace = TimeSpan.FromMilliseconds(500),
    };

    private async Task<LeaderElection> StartAsync(
        KubernetesApi api, ResourceClient client, LeadershipOptions options, RecordingTerminator terminator)
    {
        options.Validate();
        var release = new LeaseRelease(client, Cluster.Logs.CreateLogger<LeaseRelease>());
        var election = new LeaderElection(api, options, terminator, release, TimeProvider.System, Cluster.Logs.CreateLogger<LeaderElection>());
        await election.StartAsync(Token);
        StopAtTheEnd(election);
        return election;
    }
}

public sealed class FakeServerLeaderElectionTests(FakeApiServer server) : LeaderElectionSuite(server);

public sealed class RealServerLeaderElectionTests(ApiServer server) : LeaderElectionSuite(server);
