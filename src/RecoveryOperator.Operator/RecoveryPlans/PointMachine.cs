using System.Text.Json;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>What the operator itself needs of a machine's definition; the rest is the driver's business.</summary>
/// <param name="Nics">Its network interfaces, in order.</param>
internal sealed record PointMachine(IReadOnlyList<PointNic> Nics)
{
    /// <summary>Reads it from a recovery point.</summary>
    /// <exception cref="VaultException">Damaged, when the definition is none.</exception>
    public static PointMachine Of(MachineRecord machine)
    {
        try
        {
            return machine.Definition.Deserialize<PointMachine>(JsonSerializerOptions.Web) is { Nics: not null } read ? read : new PointMachine([]);
        }
        catch (JsonException fault)
        {
            throw new VaultException(
                VaultFault.Damaged,
                machine.Name,
                $"The definition of {machine.Name} in its recovery point cannot be read: {fault.Message}",
                "Ask for another recovery point.",
                fault);
        }
    }

    /// <summary>The network for each interface: the one of the same name at the target; empty where the source was connected to none.</summary>
    public IEnumerable<string> Networks => Nics.Select(nic => nic.Network ?? string.Empty);
}

/// <summary>A network interface of a recovery point's machine.</summary>
/// <param name="Network">Network that it was connected to.</param>
internal sealed record PointNic(string? Network);
