using System.Diagnostics;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.Charts;

public class ChartTests(Cluster cluster)
{
    private const string Namespace = "chart-tests";
    private static readonly string Chart = Path.Combine(RepositoryRoot.Path, "charts", "recovery-operator");
    private static readonly string Tools = Path.Combine(
        Environment.GetEnvironmentVariable("RECOVERY_OPERATOR_CACHE") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "recovery-operator"), "bin");

    private static readonly string[] Least = ["--set", "clusterName=demo"];

    private static readonly string[] Full =
    [
        .. Least, "--set", "watchNamespace=chart-tests,tlsSecret=tls,imagePullSecrets[0].name=pull,podLabels.a=b,podAnnotations.a=b,nodeSelector.a=b",
        "--set", "vaultAgent.enabled=true,vaultAgent.endpoint=https://a.blob.core.windows.net,vaultAgent.accountName=a,vaultAgent.accountKeySecret=k,vaultAgent.tlsSecret=t",
        "--set", "enrolment.enabled=true,enrolment.endpoint=https://o:7444,enrolment.renewalEndpoint=https://o:7445",
        "--set", "vaultAgent.encryption.keySecret=e,vaultAgent.encryption.previousKeySecret=f",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string[]> Values => [Least, Full];

    [Theory]
    [MemberData(nameof(Values))]
    public async Task The_chart_lints_and_a_real_API_server_accepts_every_document(string[] values)
    {
        await RunAsync("helm", "", ["lint", Chart, "--strict", .. values]);
        var rendered = await RunAsync("helm", "", ["template", "recovery", Chart, "--namespace", Namespace, .. values]);
        var kubeconfig = $"--kubeconfig={cluster.KubeconfigPath}";
        var space = await RunAsync("kubectl", "", [kubeconfig, "create", "namespace", Namespace, "--dry-run=client", "-o", "yaml"]);
        await RunAsync("kubectl", space, [kubeconfig, "apply", "-f", "-"]);

        var accepted = await RunAsync("kubectl", rendered, [kubeconfig, "apply", "--dry-run=server", "-f", "-"]);

        Assert.Equal(rendered.Split('\n').Count(line => line.StartsWith("kind:", StringComparison.Ordinal)), accepted.Split('\n').Count(line => line.Contains("server dry run", StringComparison.Ordinal)));
        Assert.Equal(values.Length > Least.Length, accepted.Contains("recovery-vault-agent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_alerts_of_the_repository_can_be_installed_with_it()
    {
        var rendered = await RunAsync("helm", "", ["template", "recovery", Chart, .. Least, "--set", "metrics.rules=true", "--show-only", "templates/operator.yaml"]);
        var shipped = await File.ReadAllLinesAsync(Path.Combine(RepositoryRoot.Path, "config", "prometheus", "rules.yaml"), Token);

        Assert.Contains("kind: PrometheusRule", rendered, StringComparison.Ordinal);
        Assert.Contains(string.Join('\n', shipped.SkipWhile(line => line != "groups:").Select(line => $"  {line}".TrimEnd())), string.Join('\n', rendered.Split('\n').Select(line => line.TrimEnd())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dashboard_of_the_repository_can_be_installed_with_it()
    {
        var rendered = await RunAsync("helm", "", ["template", "recovery", Chart, .. Least, "--set", "metrics.dashboard=true", "--show-only", "templates/operator.yaml"]);
        var shipped = await File.ReadAllLinesAsync(Path.Combine(RepositoryRoot.Path, "config", "grafana", "recovery-operator.json"), Token);

        Assert.Contains("grafana_dashboard: \"1\"", rendered, StringComparison.Ordinal);
        Assert.Contains(string.Join('\n', shipped.Select(line => $"    {line}".TrimEnd())), string.Join('\n', rendered.Split('\n').Select(line => line.TrimEnd())), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clusterName is required")]
    [InlineData("enrolment.endpoint is required", "clusterName=demo,enrolment.enabled=true")]
    [InlineData("vaultAgent.endpoint is required", "clusterName=demo,vaultAgent.enabled=true")]
    public async Task A_value_that_is_needed_and_missing_is_named(string says, string values = "replicas=1")
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync("helm", "", ["template", "recovery", Chart, "--set", values]));

        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>What jobs need, asked of the API server's own RBAC; and what nobody should have given beside it.</summary>
    [Theory]
    [InlineData("yes", "create", "recoveryjobs.recoveryoperator.io")]
    [InlineData("yes", "delete", "recoveryjobs.recoveryoperator.io")]
    [InlineData("yes", "patch", "recoveryjobs.recoveryoperator.io/status")]
    [InlineData("no", "patch", "recoveryjobs.recoveryoperator.io")]
    [InlineData("no", "patch", "recoveryplans.recoveryoperator.io")]
    [InlineData("no", "update", "protectedvms.recoveryoperator.io")]
    [InlineData("no", "update", "protectedvms.recoveryoperator.io/status")]
    [InlineData("no", "create", "recoveryplans.recoveryoperator.io")]
    [InlineData("no", "delete", "protectedvms.recoveryoperator.io")]
    public async Task The_chart_gives_the_right_to_make_and_clean_up_jobs_and_no_other_objects(string expected, string verb, string resource)
    {
        var release = $"jobs-{Guid.NewGuid():N}"[..12];
        var kubeconfig = $"--kubeconfig={cluster.KubeconfigPath}";
        var space = await RunAsync("kubectl", "", [kubeconfig, "create", "namespace", release, "--dry-run=client", "-o", "yaml"]);
        await RunAsync("kubectl", space, [kubeconfig, "apply", "-f", "-"]);
        var rights = await RunAsync("helm", "", ["template", release, Chart, "--namespace", release, "--show-only", "templates/rbac.yaml", "--set", $"clusterName=demo,watchNamespace={release}"]);
        await RunAsync("kubectl", rights, [kubeconfig, "apply", "-f", "-"]);

        // kubectl ends with 1 where the answer is no.
        var answer = await AskAsync([kubeconfig, "-n", release, "auth", "can-i", verb, .. resource.Split('/') is [var kind, var sub] ? [kind, $"--subresource={sub}"] : (string[])[resource], "--as", $"system:serviceaccount:{release}:{release}"]);

        Assert.StartsWith(expected, answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("jobs.historyPerSubject=0", "historyPerSubject")]
    [InlineData("jobs.timeToLive=7d", "timeToLive")]
    [InlineData("jobs.keep=1", "keep")]
    public async Task A_value_that_cannot_be_or_is_none_is_refused_by_its_name(string value, string names)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync("helm", "", ["template", "recovery", Chart, .. Least, "--set", value]));

        Assert.Contains(names, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_said_of_jobs_reaches_the_operators_settings()
    {
        var rendered = await RunAsync("helm", "", ["template", "recovery", Chart, .. Least, "--set", "jobs.timeToLive=1.00:00:00,jobs.historyPerSubject=5", "--show-only", "templates/operator.yaml"]);

        Assert.Contains("""{ name: Operator__Jobs__TimeToLive, value: "1.00:00:00" }""", rendered, StringComparison.Ordinal);
        Assert.Contains("""{ name: Operator__Jobs__HistoryPerSubject, value: "5" }""", rendered, StringComparison.Ordinal);
    }

    /// <summary>A kubeconfig of the ServiceAccount that the chart makes in a namespace, with the rights that it gives there.</summary>
    internal static async Task<string> ServiceAccountAsync(Cluster cluster, string @namespace)
    {
        var kubeconfig = $"--kubeconfig={cluster.KubeconfigPath}";
        var rights = await RunAsync("helm", "", ["template", "op", Chart, "--namespace", @namespace, "--show-only", "templates/rbac.yaml", "--set", $"clusterName=demo,watchNamespace={@namespace}"]);
        await RunAsync("kubectl", rights, [kubeconfig, "apply", "-f", "-"]);
        var token = (await RunAsync("kubectl", "", [kubeconfig, "-n", @namespace, "create", "token", "op"])).Trim();
        var path = Path.Combine(Directory.CreateTempSubdirectory("chart-").FullName, "kubeconfig");
        File.Copy(cluster.KubeconfigPath, path);
        await RunAsync("kubectl", "", [$"--kubeconfig={path}", "config", "set-credentials", "op", $"--token={token}"]);
        await RunAsync("kubectl", "", [$"--kubeconfig={path}", "config", "set-context", "--current", "--user=op"]);
        return path;
    }

    private static async Task<string> AskAsync(string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Tools, "kubectl"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("kubectl could not be started: run eng/setup/kube-apiserver.sh once.");
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);
        return await output + await error;
    }

    private static async Task<string> RunAsync(string tool, string input, string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Tools, tool), arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} could not be started: run eng/setup/kube-apiserver.sh once.");
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var error = process.StandardError.ReadToEndAsync(Token);
        await process.StandardInput.WriteAsync(input.AsMemory(), Token);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Token);
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await error} {await output}");
    }
}
