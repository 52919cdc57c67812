using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>A machine that an agent made.</summary>
internal sealed class FakeMachine(string id, CreateReplica made)
{
    public string Id => id;

    public CreateReplica Made => made;

    public int Starts { get; set; }
}

/// <summary>Agents that keep the rules of the protocol, and write down whoever breaks them.</summary>
internal sealed class FakeAgents(Faults faults, TimeProvider time, Func<string, long, Task<bool>> isSealed) : IPlanAgents
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (StartHostOperationRequest Request, Protocol.Operation Operation)> _operations = [];

    /// <summary>By protection and recovery operation.</summary>
    public Dictionary<(string Protection, string Operation), FakeMachine> Machines { get; } = [];

    public List<string> Violations { get; } = [];

    /// <summary>Names of machines in the order in which they were started.</summary>
    public List<string> Started { get; } = [];

    /// <summary>Ids of all operations begun, in order.</summary>
    public List<string> Begun { get; } = [];

    /// <summary>What stands in the way of a check; nothing by default.</summary>
    public Func<CreateReplica, Fault?> CheckFault { get; set; } = _ => null;

    /// <summary>What a new creation or start fails with; nothing by default.</summary>
    public Func<StartHostOperationRequest, Fault?> WorkFault { get; set; } = _ => null;

    /// <summary>Operations whose end is held back.</summary>
    public Func<StartHostOperationRequest, bool> Hold { get; set; } = _ => false;

    public bool Away { get; set; }

    public ConcurrentQueue<string> Hurried { get; } = new();

    public Task<Protocol.Operation> BeginAsync(NamespacedName host, StartHostOperationRequest request, CancellationToken cancellationToken) =>
        faults.AroundAsync(async () =>
        {
            if (Away)
                throw new AgentUnavailableException($"The agent of RecoveryHost {host} cannot be reached: start it.");
            if (request.KindCase == StartHostOperationRequest.KindOneofCase.StartMachine && !IsTest(request.StartMachine.MachineId) && !await isSealed(request.StartMachine.ProtectionId, request.StartMachine.Epoch - 1))
                Violate($"{request.Id} starts a machine while epoch {request.StartMachine.Epoch - 1} is open.");
            lock (_lock)
                return Begin(request);
        });

    public Task HurryAsync(NamespacedName vault, string operationId, string protectionId, long epoch, CancellationToken cancellationToken) =>
        faults.AroundAsync(() =>
        {
            Hurried.Enqueue(protectionId);
            return Task.FromResult(true);
        });

    private Protocol.Operation Begin(StartHostOperationRequest request)
    {
        if (_operations.TryGetValue(request.Id, out var known))
        {
            if (!known.Request.Equals(request))
            {
                Violations.Add($"{request.Id} was begun with another request.");
                throw new AgentUnavailableException($"{request.Id} is refused.");
            }

            if (known.Operation.State == OperationState.Running && !Hold(request))
                known.Operation = Finish(request);
        }
        else
        {
            Begun.Add(request.Id);
            known = (request, new Protocol.Operation { Id = request.Id, State = OperationState.Running, Step = "works", StartedAt = Now });
        }

        _operations[request.Id] = known;
        return known.Operation.Clone();
    }

    private Protocol.Operation Finish(StartHostOperationRequest request)
    {
        var operation = new Protocol.Operation { Id = request.Id, State = OperationState.Succeeded, FinishedAt = Now, Result = new OperationResult() };
        if (request.KindCase == StartHostOperationRequest.KindOneofCase.CheckReplica)
        {
            operation.Result.Prerequisites = new PrerequisiteReport();
            if (CheckFault(request.CheckReplica.Replica) is { } obstacle)
                operation.Result.Prerequisites.Failures.Add(obstacle);
            return operation;
        }

        if (WorkFault(request) is { } fault)
            return new Protocol.Operation { Id = request.Id, State = OperationState.Failed, FinishedAt = Now, Fault = fault };
        if (request.KindCase == StartHostOperationRequest.KindOneofCase.CheckGuest)
        {
            operation.Result.Guest = Guest(request.CheckGuest.MachineId);
            return operation;
        }

        if (request.KindCase == StartHostOperationRequest.KindOneofCase.DeleteReplica)
        {
            Delete(request.DeleteReplica);
            return operation;
        }

        var machine = request.KindCase == StartHostOperationRequest.KindOneofCase.CreateReplica ? Create(request.CreateReplica) : Start(request.StartMachine);
        operation.Result.Machine = new MachineInfo { Id = machine.Id, Name = machine.Made.Name };
        return operation;
    }

    /// <summary>What a host says of a started machine; it runs, nobody within can be asked.</summary>
    public Func<FakeMachine, GuestCheck> GuestOf { get; set; } = _ => new GuestCheck { State = MachineState.Running };

    /// <summary>Machines of tests that are there.</summary>
    public IReadOnlyList<FakeMachine> Tests
    {
        get
        {
            lock (_lock)
                return [.. Machines.Where(m => m.Key.Operation.StartsWith("test/", StringComparison.Ordinal)).Select(m => m.Value)];
        }
    }

    private bool IsTest(string machineId) => Tests.Any(t => t.Id == machineId);

    private GuestCheck Guest(string machineId) => Machines.Values.FirstOrDefault(m => m.Id == machineId) is { Starts: > 0 } machine ? GuestOf(machine) : new GuestCheck();

    /// <summary>By what it was made for, and by its id: also one that is not there any more.</summary>
    private void Delete(DeleteReplica delete)
    {
        Machines.Remove((delete.ProtectionId, delete.OperationId));
        if (Machines.FirstOrDefault(m => m.Value.Id == delete.MachineId) is { Value: not null } known)
            Machines.Remove(known.Key);
    }

    private FakeMachine Create(CreateReplica replica)
    {
        if (!Machines.TryGetValue((replica.ProtectionId, replica.OperationId), out var machine))
            Machines[(replica.ProtectionId, replica.OperationId)] = machine = new FakeMachine(Guid.NewGuid().ToString(), replica.Clone());
        return machine;
    }

    private FakeMachine Start(StartMachine start)
    {
        var machine = Machines.Values.Single(m => m.Id == start.MachineId);
        if (machine.Starts++ == 0)
            Started.Add(machine.Made.Name);
        return machine;
    }

    private void Violate(string what)
    {
        lock (_lock)
            Violations.Add(what);
    }

    private Timestamp Now => Timestamp.FromDateTimeOffset(time.GetUtcNow());
}
