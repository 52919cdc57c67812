using k8s.Models;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using Fault = RecoveryOperator.Protocol.Fault;
using FaultCategory = RecoveryOperator.Protocol.FaultCategory;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

public class BadInputTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_that_no_host_has_is_named_and_found_once_it_is_there()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel, s => s with { Vm = new() { Name = "nobody" } });

        await ExpectAsync(world, "MachineFound", "MachineNotFound", "nobody");
        world.Agent.AddMachine("m-7", "nobody");
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);
    }

    [Fact]
    public async Task A_missing_policy_is_named_and_waited_for()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel, s => s with { PolicyRef = new() { Name = "none" } });

        await ExpectAsync(world, "ReferencesResolved", "PolicyNotFound", "none");
        await world.CreateAsync(new ReplicationPolicy { Spec = new() }, "none", Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);
    }

    [Fact]
    public async Task A_vault_that_cannot_be_reached_is_named_and_is_no_state_of_the_protection()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.VaultAsync("away", "http://127.0.0.1:9/devstoreaccount1", "vault-key", Cancel);
        await world.ProtectAsync("vm", Cancel, s => s with { VaultRef = new() { Name = "away" } });

        var status = await world.WaitAsync("vm", s => Reason(s, "VaultPrepared") == "VaultUnreachable", Cancel);

        Assert.Equal("Unknown", status.Conditions.Single(c => c.Type == "VaultPrepared").Status);
        Assert.Contains("away", status.Conditions.Single(c => c.Type == "VaultPrepared").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_credentials_are_named_and_corrected_ones_are_seen()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.SecretAsync("wrong", Cancel, ("key", Convert.ToBase64String(new byte[64])));
        await world.VaultAsync("locked", cluster.Azurite.Endpoint.ToString(), "wrong", Cancel);
        await world.ProtectAsync("vm", Cancel, s => s with { VaultRef = new() { Name = "locked" } });

        await world.WaitAsync("vm", s => Reason(s, "VaultPrepared") == "VaultAccessDenied" && Reason(s, "Stalled") == "VaultAccessDenied", Cancel);
        var key = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(cluster.Azurite.AccountKey));
        await world.Client.MergePatchAsync<V1Secret>(new(world.Namespace, "wrong"), $$$"""{"data":{"key":"{{{key}}}"}}""", null, Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);
    }

    [Fact]
    public async Task An_agent_that_does_not_answer_is_named_on_host_and_protection()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel, w => w.Agent.DisposeAsync().AsTask().Wait(Cancel));
        await world.ProtectAsync("vm", Cancel);

        await world.WaitAsync("vm", s => Reason(s, "MachineFound") == "HostsSilent", Cancel);
        await Eventually.HoldsAsync(
            async () => (await world.Client.GetAsync<RecoveryHost>(new(world.Namespace, "host"), Cancel))?.Status?.Conditions.Any(c => c is { Type: "Connected", Status: "False", Reason: "AgentUnreachable" }) == true,
            Cancel);
    }

    [Fact]
    public async Task Of_two_protections_of_one_machine_the_older_has_it_and_the_second_names_the_first()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("a-first", Cancel);
        await world.WaitAsync("a-first", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);
        await world.ProtectAsync("vm", Cancel, s => s with { Vm = new() { Id = "m-1" } });

        await ExpectAsync(world, "MachineFound", "MachineClaimed", "a-first");
        Assert.Single(world.Agent.Puts);
    }

    [Fact]
    public async Task A_disk_that_the_host_cannot_replicate_is_named_with_the_remedy()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        world.Agent.PrerequisiteFailure = new Fault
        {
            Category = FaultCategory.NonRecoverable,
            Reason = "RawDisk",
            Object = "vda",
            Message = "The disk is raw.",
            Remedy = "Convert it with qemu-img convert -O qcow2.",
        };
        await world.ProtectAsync("vm", Cancel);

        await ExpectAsync(world, "PrerequisitesMet", "RawDisk", "qemu-img convert");
        Assert.Empty(world.Agent.Puts);
    }

    [Fact]
    public async Task A_replica_of_another_cluster_is_left_alone_until_its_adoption_is_stated()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        await world.StopOperatorAsync();
        var owner = await world.Replicas.ReadAsync(id, "vm.json", Cancel);

        await world.StartOperatorAsync("cluster-2", Cancel);
        await ExpectAsync(world, "VaultPrepared", "OwnedByOther", "fromCluster: cluster-1");
        Assert.Equal(owner, await world.Replicas.ReadAsync(id, "vm.json", Cancel));
        await world.Client.MergePatchAsync<ProtectedVM>(new(world.Namespace, "vm"), """{"spec":{"adopt":{"fromCluster":"cluster-1"}}}""", null, Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication && Reason(s, "VaultPrepared") == "Prepared", Cancel);
        Assert.Contains("cluster-2", await world.Replicas.ReadAsync(id, "vm.json", Cancel), StringComparison.Ordinal);
    }

    private static async Task ExpectAsync(TestWorld world, string type, string reason, string named)
    {
        var status = await world.WaitAsync("vm", s => Reason(s, type) == reason && Reason(s, "Stalled") == reason, Cancel);
        Assert.Contains(named, status.Conditions.Single(c => c.Type == type).Message, StringComparison.Ordinal);
        Assert.Equal("False", status.Conditions.Single(c => c.Type == "Ready").Status);
        await Eventually.HoldsAsync(async () => (await world.EventsAsync("vm", Cancel)).Any(e => e.Reason == reason && e.Type == "Warning"), Cancel);
    }

    private static string? Reason(ProtectedVMStatus status, string type) => status.Conditions.FirstOrDefault(c => c.Type == type)?.Reason;
}
