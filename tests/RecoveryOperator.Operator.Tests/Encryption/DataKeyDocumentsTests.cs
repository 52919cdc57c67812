using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Operator.Tests.Encryption;

public class DataKeyDocumentsTests
{
    private static readonly ProtectionId Protection = ProtectionId.Compute("p", "ns", "vm");
    private readonly KeyEncryptionKey _first = NewKey();
    private readonly KeyEncryptionKey _second = NewKey();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public void The_first_key_is_made_and_then_nothing_changes()
    {
        var made = Plan(null, _first);
        var again = Plan(made.Document, _first);

        var key = Assert.Single(made.Document!.Keys);
        Assert.Equal((DataKeyState.Active, _first.Id.ToString(), made.Active!.Id.ToString()), (key.State, key.WrappedBy, key.DataKeyId));
        Assert.Equal(made.Document.Keys, again.Document!.Keys);
        Assert.Equal(made.Active.Secret.ToArray(), again.Active!.Secret.ToArray());
        Assert.Equal(made.Active.Id, _first.TryUnwrap(key, Protection)!.Id);
    }

    [Fact]
    public void A_rotation_retires_the_active_key_and_keeps_it()
    {
        var before = Plan(null, _first);
        var after = Plan(before.Document, _first, rotation: "2027");

        Assert.Equal([DataKeyState.Retired, DataKeyState.Active], after.Document!.Keys.Select(key => key.State));
        Assert.Equal(before.Active!.Id.ToString(), after.Document.Keys[0].DataKeyId);
        Assert.NotEqual(before.Active.Id, after.Active!.Id);
        Assert.Equal(after.Document.Keys, Plan(after.Document, _first, rotation: "2027").Document!.Keys);
    }

    [Fact]
    public void Another_key_encryption_key_wraps_all_keys_anew_where_the_one_before_is_given()
    {
        var before = Plan(Plan(null, _first).Document, _first, rotation: "2027");
        var after = Plan(before.Document, _second, _first, "2027");

        Assert.All(after.Document!.Keys, key => Assert.Equal(_second.Id.ToString(), key.WrappedBy));
        Assert.Equal(before.Document!.Keys.Select(key => key.DataKeyId), after.Document.Keys.Select(key => key.DataKeyId));
        Assert.Equal(before.Active!.Id, after.Active!.Id);
        Assert.All(after.Document.Keys, key => Assert.NotNull(_second.TryUnwrap(key, Protection)));
    }

    [Fact]
    public void A_key_that_cannot_be_opened_is_never_replaced_and_the_wanted_one_is_named()
    {
        var before = Plan(null, _first).Document!;
        var wrong = Plan(before, _second);
        var changed = Plan(before with { Keys = [before.Keys[0] with { Wrapped = _first.Wrap(DataKey.Generate(), Protection) }] }, _first);

        Assert.Equal((null, "KeyMissing"), (wrong.Document, wrong.Obstacle!.Reason));
        Assert.Contains($"wrapped by key-encryption key {_first.Id}; the RecoveryVault has {_second.Id}", wrong.Obstacle.Message, StringComparison.Ordinal);
        Assert.Contains("previousKeySecretRef", wrong.Obstacle.Message, StringComparison.Ordinal);
        Assert.Equal((null, "DataKeyChanged"), (changed.Document, changed.Obstacle!.Reason));
    }

    internal static KeyEncryptionKey NewKey() => KeyEncryptionKey.TryParse(DataKey.Generate().Secret)!;

    private static DataKeyPlan Plan(KeysDocument? standing, KeyEncryptionKey current, KeyEncryptionKey? previous = null, string rotation = "") =>
        DataKeyDocuments.Plan(standing, Protection, new VaultKeyRing(current, previous, null), rotation, Now);
}
