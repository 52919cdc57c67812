using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Jobs.Plans;
using RecoveryOperator.Operator.NetworkMaps;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.RecoveryPlans.TestFailovers;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;
using k8s.Models;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>A plan on a real storage account, with agents and appliers that the test holds in its hand.</summary>
internal sealed class PlanBed : IPlanVaults, IJournalObserver, IPlanJobs
{
    private readonly VaultAccount _account;
    private readonly VaultAccount _faulty;
    private readonly VaultConnectionOptions _options;

    private PlanBed(Azurite azurite, Faults faults)
    {
        Faults = faults;
        var options = new VaultConnectionOptions
        {
            Endpoint = azurite.Endpoint,
            AccountName = azurite.AccountName,
            AccountKey = azurite.AccountKey,
            Prefix = "test",
            TimeProvider = Time,
        };
        _options = options;
        _account = VaultAccount.Connect(options);
        _faulty = VaultAccount.Connect(options, new StorageClientOptions { PerTry = [faults], RequestBudget = TimeSpan.FromSeconds(20), TimeProvider = Time });
        Agents = new FakeAgents(faults, Time, async (protection, epoch) => (await Machine(protection).SealsAsync(epoch, CancellationToken.None)).Count > 0);
        Plan = new RecoveryPlan
        {
            Metadata = new V1ObjectMeta { Name = "shop", NamespaceProperty = $"ns-{Guid.NewGuid():N}", Uid = "uid", Generation = 1 },
            Spec = new RecoveryPlanSpec { Groups = [] },
        };
        Pursuit = NewPursuit();
    }

    public Faults Faults { get; }

    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public FakeAgents Agents { get; }

    public RecoveryPlan Plan { get; private set; }

    /// <summary>Jobs of the operator that is started next; none unless set.</summary>
    public IPlanJobs? Jobs { get; set; }

    /// <summary>What users ask of an operation in its job; nothing by default.</summary>
    public Func<PlanOperationRecord, PlanWish> Wish { get; set; } = _ => PlanWish.None;

    /// <summary>Runs at each visit behind the operation's steps, before the plan's status is written.</summary>
    public Func<PlanSituation, Task> Showing { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs when a new operator process begins.</summary>
    public Action Restarting { get; set; } = () => { };

    /// <summary>The plan's status cannot be written.</summary>
    public bool StatusAway { get; set; }

    public FakeReader<ProtectedVM> ProtectedVMs { get; } = new();

    public FakeReader<RecoveryHost> Hosts { get; } = new();

    public FakeReader<NetworkMap> Maps { get; } = new() { Indexed = (map, index, value) => $"{map.Metadata.NamespaceProperty}/{(index == NetworkMapLookup.BySource ? map.Spec.SourceSiteRef : map.Spec.TargetSiteRef).Name}" == value };

    public List<BedMachine> Machines { get; } = [];

    /// <summary>Of the running process, shared with the visits to ProtectedVMs.</summary>
    public ProtectionLocks Locks { get; } = new();

    /// <summary>ProtectedVMs whose journal a plan wrote, in order.</summary>
    public ConcurrentQueue<string> Told { get; } = new();

    /// <summary>Of the running operator.</summary>
    public PlanPursuit Pursuit { get; private set; }

    public PlanOptions Options { get; } = new() { ClusterName = "cluster-a" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A plan whose groups hold these VMs (separated by blanks), each with two sets applied.</summary>
    public static async Task<PlanBed> StartAsync(Azurite azurite, Faults faults, params string[] groups)
    {
        var bed = new PlanBed(azurite, faults);
        bed.Hosts.Items.Add(bed.Host("host-b"));
        foreach (var name in groups.SelectMany(g => g.Split(' ')))
            await bed.ProtectAsync(name);
        bed.Edit(spec => spec with
        {
            Groups = [.. groups.Select((g, i) => new PlanGroup { Name = $"g{i}", Vms = [.. g.Split(' ').Select(n => new LocalRef { Name = n })] })],
        });
        return bed;
    }

    public void JournalChanged(NamespacedName protectedVm, string protectionId) => Told.Enqueue(protectedVm.Name);

    public Task<PlanWish> BeginAsync(RecoveryPlan plan, PlanOperationRecord operation, CancellationToken cancellationToken) => Task.FromResult(Wish(operation));

    public Task<bool> ShowAsync(PlanSituation situation, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<VaultAccount> OpenAsync(NamespacedName vault, CancellationToken cancellationToken) => Task.FromResult(vault.Name == "vault" ? _faulty : VaultAccount.Connect(_options with { Prefix = vault.Name }));

    public BedMachine Machine(string nameOrProtection) => Machines.Single(m => m.Name == nameOrProtection || m.Vault.Id.ToString() == nameOrProtection);

    public void Edit(Func<RecoveryPlanSpec, RecoveryPlanSpec> edit) =>
        Plan = new RecoveryPlan { Metadata = Plan.Metadata, Spec = edit(Plan.Spec), Status = Plan.Status };

    /// <summary>Another plan over the same machines.</summary>
    public void Rename(string name) =>
        Plan = new RecoveryPlan { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Plan.Metadata.NamespaceProperty, Uid = name, Generation = 1 }, Spec = Plan.Spec with { Operation = null } };

    /// <summary>A ProtectedVM that names another vault from now on; nothing of it is there.</summary>
    public void Move(string name, string vault)
    {
        var machine = ProtectedVMs.Items.Single(vm => vm.Metadata.Name == name);
        machine.Spec = machine.Spec with { VaultRef = new LocalRef { Name = vault } };
    }

    /// <summary>The cluster was rebuilt: there is the manifest, and no status.</summary>
    public void ForgetStatus() => Plan = new RecoveryPlan { Metadata = Plan.Metadata, Spec = Plan.Spec };

    public void Ask(string id, PlanOperationType type = PlanOperationType.UnplannedFailover, string? point = null, string? notes = null) =>
        Edit(spec => spec with { Operation = new PlanOperation { Id = id, Type = type, RecoveryPoint = point, Notes = notes } });

    /// <summary>A new operator process: nothing is left of the old one's memory.</summary>
    public PlanPursuit Restart()
    {
        Restarting();
        return Pursuit = NewPursuit();
    }

    public PlanPursuit NewPursuit()
    {
        var reader = new PlanMemberReader(ProtectedVMs, this, Options);
        var attempts = new AgentAttempts(Agents, Time, Options);
        var steps = new AgentSteps(Agents, attempts, Time);
        var testSteps = new TestAgentSteps(attempts, new TestNetworks(new NetworkMapLookup(Maps)), Time);
        var failover = new FailoverExecutor(new FailoverTargets(Hosts), steps, Locks, Time, NullLogger<FailoverExecutor>.Instance);
        var tests = new TestRunner(
            reader,
            new TestFailoverExecutor(new FailoverTargets(Hosts), testSteps, Options, Time, NullLogger<TestFailoverExecutor>.Instance),
            new TestCleanup(testSteps, Hosts, Options, Time, NullLogger<TestCleanup>.Instance));
        var runner = new PlanRunner(reader, failover, new CommitExecutor(Time, NullLogger<CommitExecutor>.Instance), tests, this);
        var grants = new ReplicaReadGrants(Time, Options, NullLogger<ReplicaReadGrants>.Instance);
        return new PlanPursuit(reader, new PlanJournals(this, ProtectedVMs), runner, grants, Jobs ?? this, new PlanCancel(Time, NullLogger<PlanCancel>.Instance), Options, Time, NullLogger<PlanPursuit>.Instance);
    }

    /// <summary>One visit, then the appliers, then the time that the visit asked for; the status is kept as the API server would.</summary>
    public async Task<PlanSituation> VisitAsync()
    {
        var situation = await VisitWithoutWaitingAsync();
        Time.Advance(situation.LookAgainAfter is { } after && after <= Options.BlockedInterval ? after : TimeSpan.Zero);
        return situation;
    }

    /// <summary>One visit, then the appliers.</summary>
    public async Task<PlanSituation> VisitWithoutWaitingAsync()
    {
        var situation = await Pursuit.VisitAsync(Plan, Token);
        await Showing(situation);
        if (!StatusAway)
            Plan = new RecoveryPlan { Metadata = Plan.Metadata, Spec = Plan.Spec, Status = PlanStatusBuilder.Build(situation, Time.GetUtcNow()) };
        foreach (var machine in Machines)
            await machine.Applier.ApplyAsync(Token);
        return situation;
    }

    /// <summary>Visits until the operation has ended; a killed operator is followed by a new one.</summary>
    public async Task<PlanOperationRecord> EndAsync(string id, int visits = 60)
    {
        for (var visit = 0; visit < visits; visit++)
        {
            try
            {
                var situation = await VisitAsync();
                if (situation.Journal?.Operations.FirstOrDefault(o => o.Operation.Id == id && o.Operation.FinishedAt is not null) is { } ended)
                    return ended;
            }
            catch (CrashException)
            {
                Restart();
            }
        }

        throw new TimeoutException($"Operation {id} has not ended after {visits} visits; status: {System.Text.Json.JsonSerializer.Serialize(Plan.Status)}");
    }

    /// <summary>Asks for a failover and sees it through.</summary>
    public Task<PlanOperationRecord> FailOverAsync(string id = "dr-1", string? point = null)
    {
        Ask(id, point: point);
        return EndAsync(id);
    }

    public async Task<PlanJournalDocument> PlanJournalAsync() =>
        (await _account.OpenPlanJournal(Plan.Metadata.NamespaceProperty, Plan.Metadata.Name).ReadAsync(Token))!.Value;

    public RecoveryHost Host(string name, bool connected = true) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Plan.Metadata.NamespaceProperty },
        Spec = new RecoveryHostSpec { SiteRef = new LocalRef { Name = "site-b" }, Address = "https://b:1" },
        Status = new RecoveryHostStatus { Connected = connected },
    };

    public async Task ProtectAsync(string name)
    {
        ProtectedVMs.Items.Add(new ProtectedVM
        {
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Plan.Metadata.NamespaceProperty },
            Spec = new ProtectedVMSpec
            {
                SiteRef = new LocalRef { Name = "site-a" },
                Vm = new MachineSelector { Name = name },
                PolicyRef = new LocalRef { Name = "policy" },
                VaultRef = new LocalRef { Name = "vault" },
                Target = new RecoveryTargetSpec { SiteRef = new LocalRef { Name = "site-b" } },
            },
        });
        var machine = await BedMachine.CreateAsync(_account, Plan.Metadata.NamespaceProperty, name, Time, Token);
        Machines.Add(machine);
        foreach (var consistency in new[] { Consistency.AppConsistent, Consistency.CrashConsistent })
        {
            Time.Advance(TimeSpan.FromSeconds(10));
            await machine.CommitAsync(Token, consistency);
        }

        await machine.Applier.ApplyAsync(Token);
        Time.Advance(TimeSpan.FromSeconds(10));
    }
}
