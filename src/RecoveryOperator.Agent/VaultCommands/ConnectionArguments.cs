using System.CommandLine;
using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Agent.VaultRole;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>Options that say which storage account is meant: short names for people, and the settings' names as the vault role has them. File, environment, command line; the later wins.</summary>
internal sealed class ConnectionArguments
{
    private readonly Option<FileInfo> _config = new("--config") { Description = "Settings file (JSON), as of the vault role.", Recursive = true };

    private readonly Dictionary<string, Option<string>> _settings = new()
    {
        ["Vault:Endpoint"] = Setting("--endpoint", "Vault:Endpoint", "Blob endpoint, for example https://ACCOUNT.blob.core.windows.net."),
        ["Vault:AccountName"] = Setting("--account", "Vault:AccountName", "Name of the account; taken from the endpoint when left out."),
        ["Vault:AccountKeyFile"] = Setting("--key-file", "Vault:AccountKeyFile", "File that holds the account's key."),
        ["Vault:AccountKey"] = Setting("--key", "Vault:AccountKey", "The key itself. Others on this machine can see it: prefer a file or the environment."),
        ["Vault:SasFile"] = Setting("--sas-file", "Vault:SasFile", "File that holds a SAS of the account; read and list are enough for all but apply, pin and --record."),
        ["Vault:Sas"] = Setting("--sas", "Vault:Sas", "The SAS itself."),
        ["Vault:ConnectionStringFile"] = Setting("--connection-string-file", "Vault:ConnectionStringFile", "File that holds a connection string, instead of all the above."),
        ["Vault:ConnectionString"] = Setting("--connection-string", "Vault:ConnectionString", "The connection string itself."),
        ["Vault:EncryptionKeyFiles"] = Setting("--encryption-key-file", "Vault:EncryptionKeyFiles", "Files with the key-encryption keys of an encrypted vault; only apply needs them."),
    };

    /// <summary>Adds them to a command and all below it.</summary>
    public void AddTo(Command command)
    {
        command.Add(_config);
        foreach (Option<string> option in _settings.Values)
            command.Add(option);
    }

    /// <summary>Opens the account that is meant; no request is made.</summary>
    /// <exception cref="OptionsFailureException">Settings are wrong; all failures are listed.</exception>
    /// <exception cref="VaultException">The credential cannot be used.</exception>
    public VaultAccount Open(ParseResult arguments)
    {
        IConfigurationRoot configuration = Read(arguments);
        OptionsFailureException.ThrowIfAny([.. VaultConnectionSettings.Failures(configuration)]);
        return VaultAccount.Connect(VaultConnectionSettings.Read(configuration));
    }

    /// <summary>Keys of an encrypted vault; none where none are given.</summary>
    /// <exception cref="OptionsFailureException">One that was given is no key.</exception>
    public IKeyEncryptionKeys OpenKeys(ParseResult arguments)
    {
        IConfigurationRoot configuration = Read(arguments);
        OptionsFailureException.ThrowIfAny([.. EncryptionKeySettings.Failures(configuration)]);
        return EncryptionKeySettings.Read(configuration);
    }

    private IConfigurationRoot Read(ParseResult arguments)
    {
        ConfigurationBuilder builder = new();
        if (arguments.GetValue(_config) is { } file)
            builder.AddJsonFile(file.FullName, optional: false, reloadOnChange: false);
        builder.AddEnvironmentVariables(AgentHost.EnvironmentPrefix);
        builder.AddInMemoryCollection(_settings
            .Where(setting => arguments.GetResult(setting.Value) is not null)
            .Select(setting => KeyValuePair.Create(setting.Key, arguments.GetValue(setting.Value))));
        return builder.Build();
    }

    private static Option<string> Setting(string name, string setting, string description) =>
        new(name, $"--{setting}") { Description = description, Recursive = true };
}
