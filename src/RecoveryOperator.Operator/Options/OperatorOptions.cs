namespace RecoveryOperator.Operator.Options;

/// <summary>The operator's settings: section <c>Operator</c> of appsettings.json, environment (<c>Operator__ClusterName</c>) or command line (<c>--Operator:ClusterName=...</c>).</summary>
public sealed record OperatorOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Operator";

    /// <summary>Identity towards the vaults. Must survive a rebuild of the cluster: keep it in Git. 1 to 63 lower-case letters, digits and dashes.</summary>
    public string ClusterName { get; init; } = "";

    /// <summary>The one namespace to watch; empty: all.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Kubeconfig file; empty: KUBECONFIG, the pod's service account, ~/.kube/config.</summary>
    public string KubeconfigPath { get; init; } = "";

    /// <summary>Address of /metrics, /healthz and /readyz; plain HTTP.</summary>
    public string ListenAddress { get; init; } = "http://0.0.0.0:8080";

    /// <summary>Certificates for agents that bring none of their own.</summary>
    public TlsFileOptions Tls { get; init; } = new();

    /// <summary>The operator's own authority and the enrolment of hosts.</summary>
    public TrustOptions Trust { get; init; } = new();

    /// <summary>Jobs.</summary>
    public JobOptions Jobs { get; init; } = new();

    /// <summary>Leader election.</summary>
    public LeaderElectionOptions LeaderElection { get; init; } = new();

    /// <summary>How often times in status are refreshed when nothing else changes; 1 s to 24 h, 15 minutes unless set.</summary>
    public TimeSpan StatusRefreshInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a silent agent's last word counts; 1 s to 10 min, 30 s unless set.</summary>
    public TimeSpan AgentSilenceGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often an agent is asked for its inventory; 1 s to 1 h, one minute unless set.</summary>
    public TimeSpan InventoryInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How soon something that failed is looked at again; 1 s to 10 min, 30 s unless set.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the deletion of a ProtectedVM waits for a silent agent before it goes on without; 0 to 24 h, 10 minutes unless set.</summary>
    public TimeSpan ReleaseTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Every fault of the settings; empty when there is none.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (ClusterName.Length is 0 or > 63 || !ClusterName.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            faults.Add($"ClusterName '{ClusterName}' must be 1 to 63 lower-case letters, digits and dashes; it is this cluster's identity in the vaults, keep it in Git");
        if (!Uri.TryCreate(ListenAddress.Replace("+", "0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var address) || address.Scheme != "http")
            faults.Add($"ListenAddress '{ListenAddress}' must be http://address:port");
        if (KubeconfigPath.Length > 0 && !File.Exists(KubeconfigPath))
            faults.Add($"KubeconfigPath '{KubeconfigPath}' is not a file");
        faults.AddRange(Tls.Faults());
        faults.AddRange(Trust.Faults());
        faults.AddRange(Jobs.Faults());
        Between(faults, nameof(StatusRefreshInterval), StatusRefreshInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24));
        Between(faults, nameof(AgentSilenceGrace), AgentSilenceGrace, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Between(faults, nameof(InventoryInterval), InventoryInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Between(faults, nameof(RetryInterval), RetryInterval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Between(faults, nameof(ReleaseTimeout), ReleaseTimeout, TimeSpan.Zero, TimeSpan.FromHours(24));
        return faults;
    }

    private static void Between(List<string> faults, string name, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
            faults.Add($"{name} is {value}, it must be {least} to {most}");
    }
}
