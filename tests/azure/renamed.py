"""Types of this provider that azure-native 2.x knew by another token, as its states have them."""

RENAMED = {
    "azure-native:dbforpostgresql:AdministratorsMicrosoftEntra": (
        "azure-native:dbforpostgresql:Administrator"
    ),
    "azure-native:monitor:ActionGroup": "azure-native:insights:ActionGroup",
    "azure-native:monitor:ActivityLogAlert": "azure-native:insights:ActivityLogAlert",
    "azure-native:monitor:DiagnosticSetting": "azure-native:insights:DiagnosticSetting",
    "azure-native:monitor:PrivateLinkScope": "azure-native:insights:PrivateLinkScope",
    "azure-native:monitor:PrivateLinkScopedResource": (
        "azure-native:insights:PrivateLinkScopedResource"
    ),
    "azure-native:monitor:ScheduledQueryRule": "azure-native:insights:ScheduledQueryRule",
    "azure-native:monitor:SubscriptionDiagnosticSetting": (
        "azure-native:insights:SubscriptionDiagnosticSetting"
    ),
    "azure-native:privatedns:PrivateZone": "azure-native:network:PrivateZone",
    "azure-native:privatedns:VirtualNetworkLink": "azure-native:network:VirtualNetworkLink",
}
