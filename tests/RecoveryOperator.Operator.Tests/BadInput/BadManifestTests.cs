using RecoveryOperator.Operator.Tests.BadInput.Cases;

namespace RecoveryOperator.Operator.Tests.BadInput;

/// <summary>Nonsense is refused when it is applied, or told by a condition: either way in words that say what to correct.</summary>
public class BadManifestTests(BadInputWorld world) : IClassFixture<BadInputWorld>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    private static readonly IReadOnlyList<BadManifest> All =
    [
        .. SiteCases.All, .. HostCases.All, .. VaultCases.All, .. PolicyCases.All, .. ProtectedVMCases.All, .. PlanCases.All, .. NetworkMapCases.All, .. JobCases.All,
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<int, string> Cases => new(All.Select((bad, index) => (index, bad.ToString())));

    public static TheoryData<string> Kinds => [.. GoodManifests.Kinds];

    [Fact]
    public void There_are_cases_for_every_kind_and_sixty_in_all()
    {
        Assert.True(All.Count >= 60, $"There are {All.Count}.");
        Assert.Empty(GoodManifests.Kinds.Except(All.Select(bad => bad.Kind)));
    }

    /// <summary>Otherwise the cases could be refused for something else.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_the_cases_change_is_accepted_as_it_is(string kind)
    {
        var name = world.NextName();
        var applied = await world.ApplyAsync(GoodManifests.Changed(kind, name), Cancel);
        await world.DeleteAsync(kind, name, Cancel);

        Assert.True(applied.Succeeded, applied.Text);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Nonsense_is_refused_or_told_in_words_to_act_on(int index, string manifest)
    {
        var bad = All[index];
        TestContext.Current.TestOutputHelper?.WriteLine(manifest);
        var name = world.NextName();
        try
        {
            if (bad.First is { } first)
            {
                var before = await world.ApplyAsync(GoodManifests.Changed(bad.Kind, name, first), Cancel);
                Assert.True(before.Succeeded, before.Text);
            }

            var applied = await world.ApplyAsync(GoodManifests.Changed(bad.Kind, name, bad.First, bad.Change), Cancel);
            if (bad.By == FoundBy.Schema || (bad.By == FoundBy.Rule && world.RunsRules))
                ExpectRefusal(bad, applied);
            else
                await ExpectConditionAsync(bad, name, applied);
        }
        finally
        {
            await world.DeleteAsync(bad.Kind, name, CancellationToken.None);
        }
    }

    private static void ExpectRefusal(BadManifest bad, Fixtures.KubectlResult applied)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(applied.Text);
        Assert.False(applied.Succeeded, $"It was accepted: {applied.Text}");
        Assert.All(bad.Told, told => Assert.Contains(told, applied.Text, StringComparison.OrdinalIgnoreCase));
    }

    private async Task ExpectConditionAsync(BadManifest bad, string name, Fixtures.KubectlResult applied)
    {
        Assert.True(applied.Succeeded, applied.Text);
        Assert.SkipWhen(bad.Condition is null, "Only a CEL rule refuses it, and this server runs none; nothing relies on it.");
        string[] wanted = bad.Remedy.Length > 0 ? bad.Remedy : bad.Told;
        var since = TimeProvider.System.GetTimestamp();
        string said;
        do
            said = await world.ConditionAsync(bad.Kind, name, bad.Condition!, Cancel);
        while ((said.StartsWith("True", StringComparison.Ordinal) || !wanted.All(w => said.Contains(w, StringComparison.OrdinalIgnoreCase))) && TimeProvider.System.GetElapsedTime(since) < Limit);
        TestContext.Current.TestOutputHelper?.WriteLine(said);
        Assert.False(said.StartsWith("True", StringComparison.Ordinal), $"{bad.Condition} is {said}");
        Assert.All(wanted, w => Assert.Contains(w, said, StringComparison.OrdinalIgnoreCase));
    }
}
